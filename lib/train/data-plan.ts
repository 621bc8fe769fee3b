import { checkInteger, checkNumber, expected, Text } from '../check.js';
import { firstOf, splitOff } from '../data/array-parts.js';
import type { ArrayDataset } from '../data/dataset.js';
import type { DataLoader } from '../data/loader.js';
import { split, subset } from '../data/sets/combine.js';
import { checkSet, type Dataset, isDataset } from '../data/sets/dataset.js';
import type { Sample } from '../data/sets/sample.js';
import { ownPreprocessing } from '../io/pretrained/preprocessing.js';
import { Swin } from '../nn/swin/swin.js';
import { ViT } from '../nn/vit/vit.js';
import type { TrainerOptions } from './trainer-options.js';
import { checkTrainingData, imageLoader, isLoader, type TrainingData } from './training-data.js';

/** Options once their data sets are what is fed. */
export type FedTraining = Omit<TrainerOptions, 'train' | 'test'> & { train: TrainingData; test?: TrainingData };

type ImageLoader = DataLoader<Dataset>;

/** Throws for data sets whose parts do not agree; cuts arrays into what they come to. */
export function withCheckedData(options: TrainerOptions): TrainerOptions {
  const { validationSplit, fastDevRun = false, batchSize } = options;
  tellPreprocessing(options);
  const train = checkData(options.train, options, 'Trainer train');
  const test = options.test === undefined ? undefined : checkData(options.test, options, 'Trainer test');
  if (isLoader(train) && train.batchSize !== batchSize) {
    throw expected(`the DataLoader's batchSize, ${train.batchSize},`, 'Trainer batchSize', batchSize);
  }
  if (options.loader !== undefined && ![train, test].some(isBare)) {
    const advice = 'A DataLoader has its own.';
    throw expected('a data set of images', 'Trainer loader', new Text('none that needs a loader'), advice);
  }
  if (validationSplit !== undefined) {
    checkNumber(validationSplit, 'Trainer validationSplit', 0, 1);
    if (test !== undefined) throw expected('test or validationSplit', 'Trainer', new Text('both'));
  }
  if (typeof fastDevRun !== 'boolean') checkInteger(fastDevRun, 'Trainer fastDevRun', 1);
  const checked = { ...options, train, ...(test && { test }) };
  if (fastDevRun === false) return withCutArrays(checked);
  const { checkpoints: _checkpoints, resume: _resume, ...dry } = checked;
  return withCutArrays({ ...dry, epochs: 1 });
}

/**
 * A ViT or Swin that does not know how images are prepared learns it where a bare data set is to train it: as the options say, or
 * stretched to its size, from -1 to 1. So whoever evaluates or saves it knows it, too.
 */
function tellPreprocessing({ model, train, loader }: TrainerOptions): void {
  if (!isBare(train) || !(model instanceof ViT || model instanceof Swin) || model.pretrainedConfig !== undefined)
    return;
  const { imgSize, inChans, numClasses } = model.config;
  const images =
    loader?.preprocessing ?? ownPreprocessing(typeof imgSize === 'number' ? [imgSize, imgSize] : imgSize, inChans);
  const { classes } = train as Dataset; // a bare data set
  const labels = classes?.length === numClasses ? classes : undefined;
  model.pretrainedConfig = { layout: 'vitrine', ...images, ...(labels && { labels }) };
}

function isBare(data: TrainingData | Dataset | undefined): boolean {
  return data !== undefined && !isLoader(data) && isDataset(data);
}

function checkData(data: TrainingData | Dataset, options: TrainerOptions, where: string): TrainingData | Dataset {
  if (isLoader(data) || !isDataset(data)) return checkTrainingData(data as TrainingData, where);
  checkSet(data, where);
  loaderOf(data as Dataset, options, false); // nothing is opened before images are asked for
  return data;
}

/** Arrays as the options cut them; images that must be read are cut when training begins. */
function withCutArrays(options: TrainerOptions): TrainerOptions {
  const { validationSplit, overfitBatches, batchSize, seed = 0 } = options;
  let { train, test } = options;
  if (validationSplit !== undefined && isArrays(train)) [train, test] = splitOff(train, validationSplit, seed);
  if (overfitBatches !== undefined && isArrays(train)) train = firstOf(train, overfitBatches * batchSize);
  const most = devImages(options);
  if (most !== undefined && isArrays(train)) train = firstOf(train, most);
  if (most !== undefined && isArrays(test)) test = firstOf(test, most);
  return { ...options, train, ...(test && { test }) };
}

function isArrays(data: TrainingData | Dataset | undefined): data is ArrayDataset {
  return data !== undefined && !isLoader(data) && !isDataset(data);
}

/** Images of a run that only tries whether all fits together. */
function devImages({ fastDevRun = false, batchSize }: TrainerOptions): number | undefined {
  return fastDevRun === false ? undefined : Number(fastDevRun) * batchSize;
}

/** The loader of a data set that the training was given bare. */
function loaderOf(dataset: Dataset, options: TrainerOptions, isTest: boolean): ImageLoader {
  const { model, batchSize, seed = 0, loader = {} } = options;
  const { augment, ...plain } = loader;
  if (isTest) return imageLoader(dataset, model, { ...plain, batchSize }, 'Trainer test');
  const shuffled = { ...plain, ...(augment && { augment }), batchSize, seed, shuffle: true };
  return imageLoader(dataset, model, shuffled, 'Trainer train');
}

/** What a training is fed with, and what gives back the loaders that were made for it. */
export interface DataPlan {
  readonly options: FedTraining;
  dispose(): Promise<void>;
}

/**
 * Makes the loaders that are missing, and cuts what must be read as `validationSplit`, `overfitBatches` and `fastDevRun`
 * say. Labels are read item by item where a data set has no list of them.
 */
export async function planData(options: TrainerOptions): Promise<DataPlan> {
  const made: ImageLoader[] = [];
  const keep = (loader: ImageLoader): ImageLoader => {
    made.push(loader);
    return loader;
  };
  const { test: givenTest, ...rest } = options;
  let train = fed(options.train, (dataset) => keep(loaderOf(dataset, options, false)));
  let test = givenTest && fed(givenTest, (dataset) => keep(loaderOf(dataset, options, true)));
  const { validationSplit, overfitBatches, batchSize, seed = 0 } = options;
  if (isLoader(train)) {
    if (validationSplit !== undefined) {
      const [own, apart] = await split(train.dataset, validationSplit, { seed });
      test = keep(train.derive(apart, { shuffle: false, dropLast: false, sampler: undefined, augment: undefined }));
      train = keep(train.derive(own, withoutSampler(train)));
    }
    if (overfitBatches !== undefined) train = keep(firstItems(train, overfitBatches * batchSize));
  }
  const most = devImages(options);
  if (most !== undefined && isLoader(train)) train = keep(firstItems(train, most));
  if (most !== undefined && test !== undefined && isLoader(test)) test = keep(firstItems(test, most));
  const dispose = async (): Promise<void> => {
    for (const loader of made) await loader.dispose();
  };
  return { options: { ...rest, train, ...(test && { test }) }, dispose };
}

function fed(data: TrainingData | Dataset, load: (dataset: Dataset) => ImageLoader): TrainingData {
  return isLoader(data) || !isDataset(data) ? (data as TrainingData) : load(data as Dataset);
}

/** No change of a loader's options, where it has no sampler: its places would be others after a split. */
function withoutSampler(loader: ImageLoader): object {
  if (!loader.hasSampler) return {};
  const advice = 'Give the Trainer the parts of data.split.';
  throw expected('a DataLoader without a sampler', 'Trainer validationSplit', loader, advice);
}

/** A loader of the items that another gives first, always in that order. */
function firstItems(loader: ImageLoader, most: number): ImageLoader {
  const first = Array.from(loader.order(0)).slice(0, most);
  return loader.derive(subset<Sample>(loader.dataset, first), { shuffle: false, sampler: undefined });
}
