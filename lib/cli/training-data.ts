import { expected, Text } from '../check.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader } from '../data/loader.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import type { Lora } from '../nn/lora.js';
import { manualSeed } from '../ops/random.js';
import { fasterPrecision } from '../precision.js';
import type { TrainingData } from '../train/training-data.js';
import { augmentFlag } from './augment-flags.js';
import { buildModel } from './build-model.js';
import { chooseTrained } from './choose-trained.js';
import { checkDataFits, decodeSets, loadIdx } from './data-source.js';
import { findImages, holdsIdx } from './image-data.js';
import { type DecidedFlags, resolveSettings, type TrainFlags, type TrainSettings } from './train-settings.js';
import { UsageError } from './usage-error.js';

/** All that a training begins with. */
export interface Prepared {
  readonly settings: TrainSettings;
  readonly model: PretrainedModel;
  /** The adapters that are trained, where there are such; to be merged at the end. */
  readonly lora: Lora | undefined;
  readonly train: TrainingData;
  readonly trainCount: number;
  /** Reads the images to test with. */
  loadTest(signal?: AbortSignal): Promise<ArrayDataset>;
  readonly classNames: readonly string[];
}

/** Looks at the data, settles what the flags leave open, builds the model, and reads the images as it takes them. */
export function prepareTraining(flags: TrainFlags): Promise<Prepared> {
  return flags.data === undefined || holdsIdx(flags.data) ? prepareIdx(flags) : preparePhotographs(flags, flags.data);
}

async function prepareIdx(flags: TrainFlags): Promise<Prepared> {
  for (const [flag, value] of [
    ['--img-size', flags.imgSize],
    ['--val-split', flags.valSplit],
    ['--cache', flags.cache],
    [augmentFlag(flags), true],
  ] as const) {
    if (value === undefined || flag === undefined) continue;
    throw new UsageError(
      expected('a folder of images in class folders', flag, new Text('IDX files'), 'These are read as they are.'),
    );
  }
  const settings = resolveSettings(decided(flags));
  const [train, test] = [await loadIdx(settings.data, 'train'), await loadIdx(settings.data, 'test')];
  const classNames = Array.from({ length: Math.max(train.numClasses, test.numClasses) }, (_, index) => String(index));
  manualSeed(settings.seed);
  const model = await buildModel(settings, { shape: train.shape, classNames, photographs: false });
  checkDataFits(model, test, 'the test images');
  const lora = chooseTrained(model, settings.model);
  const loadTest = (): Promise<ArrayDataset> => Promise.resolve(test);
  return { settings, model, lora, train, trainCount: train.count, loadTest, classNames };
}

function decided({ precision, ...flags }: TrainFlags): DecidedFlags {
  return { ...flags, ...(precision && { precision: precision === 'auto' ? fasterPrecision() : precision }) };
}

async function preparePhotographs(flags: TrainFlags, folder: string): Promise<Prepared> {
  const { valSplit, seed = 0 } = flags;
  const parts = await findImages(folder, { valSplit, seed });
  const settings = resolveSettings(decided(flags), parts.side);
  const classNames = parts.classes;
  manualSeed(settings.seed);
  const side = settings.imgSize ?? 0; // a checkpoint's own where it is to be kept
  const model = await buildModel(settings, { shape: [3, side, side], classNames, photographs: true });
  const preprocessing = model.pretrainedConfig;
  if (preprocessing === undefined)
    throw expected('a model that says how images are prepared', '--pretrained', flags.pretrained);
  const lora = chooseTrained(model, settings.model);
  const train = new DataLoader(parts.train, {
    preprocessing,
    batchSize: settings.batch,
    shuffle: true,
    seed: settings.seed,
    ...(settings.augment !== null && { augment: settings.augment }),
    cache: settings.cache,
    onCorrupt: (message) => console.error(`vitrine: ${message}`),
  });
  const loadTest = async (signal?: AbortSignal): Promise<ArrayDataset> => {
    const [test] = await decodeSets([parts.test], preprocessing, settings.quiet, signal);
    return test as ArrayDataset; // one for one list
  };
  return { settings, model, lora, train, trainCount: train.count, loadTest, classNames };
}
