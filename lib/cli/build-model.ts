import type { ArrayDataset } from '../data/dataset.js';
import { ownPreprocessing } from '../io/pretrained/preprocessing.js';
import type { ViTConfig } from '../nn/vit/config.js';
import { ViT } from '../nn/vit/vit.js';
import type { ModelSettings } from './train-settings.js';

/** A model of these settings for images of a data set; throws TypeError when sizes do not go together. */
export function buildModel(settings: ModelSettings, { shape }: ArrayDataset, numClasses: number): ViT {
  const [inChans, height, width] = shape;
  const { dropout } = settings;
  const sizes: { [K in keyof ViTConfig]?: ViTConfig[K] | undefined } = {
    patchSize: settings.patch,
    embedDim: settings.dim,
    depth: settings.depth,
    numHeads: settings.heads,
    mlpRatio: settings.mlpRatio,
  };
  // Where the paper has dropout (Dosovitskiy et al. 2021, appendix B.1).
  const regularisation = { posDropRate: dropout, projDropRate: dropout, dropPathRate: settings.dropPath };
  const config = { ...onlyGiven(sizes), ...regularisation, imgSize: [height, width], inChans, numClasses } as const;
  const model = settings.name === null ? new ViT(config) : ViT.create(settings.name, config);
  // Written beside the weights, for whoever reads a run without the command line.
  const labels = Array.from({ length: numClasses }, (_, i) => String(i));
  model.pretrainedConfig = { layout: 'vitrine', ...ownPreprocessing([height, width], inChans), labels };
  return model;
}

function onlyGiven(options: { [K in keyof ViTConfig]?: ViTConfig[K] | undefined }): Partial<ViTConfig> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
