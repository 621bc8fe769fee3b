import { expected, Text } from '../check.js';
import { onlyGiven } from '../check-options.js';
import '../io/pretrained/pretrained.js';
import { ownPreprocessing, type Preprocessing, standardFor } from '../io/pretrained/preprocessing.js';
import * as init from '../nn/init.js';
import type { ViTConfig } from '../nn/vit/config.js';
import { ViT } from '../nn/vit/vit.js';
import type { ModelSettings, TrainSettings } from './train-settings.js';

/** What a model is to be built for. */
export interface ModelTask {
  /** Of an image, [channels, height, width]; for photographs, what the settings bring them to. */
  readonly shape: readonly [number, number, number];
  readonly classNames: readonly string[];
  /** Whether images are photographs of any size, or as they are. */
  readonly photographs: boolean;
}

/** A model of these settings, in training mode; throws TypeError when sizes do not go together. */
export async function buildModel(settings: TrainSettings, task: ModelTask): Promise<ViT> {
  const { pretrained } = settings.model;
  const model =
    pretrained === null ? newModel(settings.model, task) : await pretrainedModel(pretrained, settings, task);
  return model.train();
}

function newModel(settings: ModelSettings, { shape, classNames, photographs }: ModelTask): ViT {
  const [inChans, height, width] = shape;
  const sizes: { [K in keyof ViTConfig]?: ViTConfig[K] | undefined } = {
    patchSize: settings.patch,
    embedDim: settings.dim,
    depth: settings.depth,
    numHeads: settings.heads,
    mlpRatio: settings.mlpRatio,
  };
  const imgSize = [height, width] as const;
  const config = { ...onlyGiven(sizes), ...ratesOf(settings), imgSize, inChans, numClasses: classNames.length };
  const model = settings.name === null ? new ViT(config) : ViT.create(settings.name, config);
  // Written beside the weights, for whoever reads a run without the command line.
  const images = photographs ? photographPreprocessing(imgSize) : ownPreprocessing(imgSize, inChans);
  model.pretrainedConfig = { layout: 'vitrine', ...images, labels: classNames };
  return model;
}

/** A checkpoint's model with a head for these classes: its own where it has the same names, else a new one. */
async function pretrainedModel(path: string, settings: TrainSettings, task: ModelTask): Promise<ViT> {
  const { classNames, photographs, shape } = task;
  const [inChans, ...size] = shape;
  const imgSize = photographs ? settings.imgSize : size;
  const options = { ...ratesOf(settings.model), numClasses: classNames.length, ...(imgSize !== null && { imgSize }) };
  const model = await ViT.fromPretrained(path, options as Partial<ViTConfig>);
  if (model.config.inChans !== inChans) {
    throw expected(`a model of ${inChans} channels`, path, new Text(`one of ${model.config.inChans}`));
  }
  const known = model.pretrainedConfig;
  if (known === undefined) return model;
  if (known.labels?.join('\0') !== classNames.join('\0')) {
    for (const [name, parameter] of model.namedParameters()) {
      if (/^head(_dist)?\./.test(name)) init.zeros(parameter);
    }
  }
  const images = photographs ? {} : ownPreprocessing([size[0], size[1]], inChans);
  model.pretrainedConfig = { ...known, ...images, labels: classNames };
  return model;
}

/** Regularisation where the paper has it (Dosovitskiy et al. 2021, appendix B.1). */
function ratesOf({ dropout, dropPath }: ModelSettings): Partial<ViTConfig> {
  return { posDropRate: dropout, projDropRate: dropout, dropPathRate: dropPath };
}

/** Photographs keep their proportions: the shorter side is brought to the model's, and the middle is cut. */
function photographPreprocessing(size: readonly [number, number]): Preprocessing {
  return { resize: Math.min(...size), crop: size, interpolation: 'bicubic', ...standardFor(3) };
}
