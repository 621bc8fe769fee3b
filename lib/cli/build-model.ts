import { expected, Text } from '../check.js';
import { onlyGiven } from '../check-options.js';
import { familyOf, type PretrainedModel, type PretrainedOptions } from '../io/pretrained/families.js';
import { withCheckpoint } from '../io/pretrained/open-checkpoint.js';
import '../io/pretrained/pretrained.js';
import { ownPreprocessing, type Preprocessing, standardFor } from '../io/pretrained/preprocessing.js';
import * as init from '../nn/init.js';
import type { SwinOptions } from '../nn/swin/config.js';
import { Swin } from '../nn/swin/swin.js';
import type { ViTConfig, ViTOptions } from '../nn/vit/config.js';
import { ViT } from '../nn/vit/vit.js';
import type { ModelSettings, TrainSettings } from './train-settings.js';
import { UsageError } from './usage-error.js';

/** What a model is to be built for. */
export interface ModelTask {
  /** Of an image, [channels, height, width]; for photographs, what the settings bring them to. */
  readonly shape: readonly [number, number, number];
  readonly classNames: readonly string[];
  /** Whether images are photographs of any size, or as they are. */
  readonly photographs: boolean;
}

/** A model of these settings, in training mode; throws TypeError when sizes do not go together. */
export async function buildModel(settings: TrainSettings, task: ModelTask): Promise<PretrainedModel> {
  const { pretrained } = settings.model;
  const model =
    pretrained === null ? newModel(settings.model, task) : await pretrainedModel(pretrained, settings, task);
  return model.train();
}

function newModel(settings: ModelSettings, { shape, classNames, photographs }: ModelTask): PretrainedModel {
  const [inChans, height, width] = shape;
  const imgSize = [height, width] as const;
  const task = { imgSize, inChans, numClasses: classNames.length };
  const model = settings.name?.startsWith('swin') ? newSwin(settings.name, settings, task) : newViT(settings, task);
  // Written beside the weights, for whoever reads a run without the command line.
  const images = photographs ? photographPreprocessing(imgSize) : ownPreprocessing(imgSize, inChans);
  model.pretrainedConfig = { layout: 'vitrine', ...images, labels: classNames };
  return model;
}

function newViT(settings: ModelSettings, task: ViTOptions): ViT {
  const sizes: { [K in keyof ViTConfig]?: ViTConfig[K] | undefined } = {
    patchSize: settings.patch,
    embedDim: settings.dim,
    depth: settings.depth,
    numHeads: settings.heads,
    mlpRatio: settings.mlpRatio,
  };
  const config = { ...onlyGiven(sizes), ...ratesOf(settings), ...task };
  return settings.name === null ? new ViT(config) : ViT.create(settings.name, config);
}

function newSwin(name: string, settings: ModelSettings, task: SwinOptions): Swin {
  for (const [flag, value] of [
    ['--depth', settings.depth],
    ['--heads', settings.heads],
  ] as const) {
    const advice = 'They differ from stage to stage, as the name says.';
    if (value !== undefined) throw new UsageError(expected(`no ${flag} beside a Swin`, 'vitrine train', value, advice));
  }
  const { patch: patchSize, dim: embedDim, mlpRatio } = settings;
  return Swin.create(name, { ...onlyGiven({ patchSize, embedDim, mlpRatio }), ...swinRatesOf(settings), ...task });
}

/** A checkpoint's model with a head for these classes: its own where it has the same names, else a new one. */
async function pretrainedModel(path: string, settings: TrainSettings, task: ModelTask): Promise<PretrainedModel> {
  const { classNames, photographs, shape } = task;
  const [inChans, ...size] = shape;
  const imgSize = photographs ? settings.imgSize : size;
  const options = { numClasses: classNames.length, ...(imgSize !== null && { imgSize }) };
  const model = await withCheckpoint(path, (checkpoint) => {
    const family = familyOf(checkpoint);
    const rates = family.name === 'Swin' ? swinRatesOf(settings.model) : ratesOf(settings.model);
    return family.load(checkpoint, { ...rates, ...options } as PretrainedOptions); // sizes of two axes
  });
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

/** The same of a Swin, whose positions are no tokens'. */
function swinRatesOf({ dropout, dropPath }: ModelSettings): SwinOptions {
  return { projDropRate: dropout, dropPathRate: dropPath };
}

/** Photographs keep their proportions: the shorter side is brought to the model's, and the middle is cut. */
function photographPreprocessing(size: readonly [number, number]): Preprocessing {
  return { resize: Math.min(...size), crop: size, interpolation: 'bicubic', ...standardFor(3) };
}
