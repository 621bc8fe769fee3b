import { expected, Text } from '../check.js';
import { checkDataset } from '../data/check-dataset.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader, type DataLoaderOptions, type HostBatch } from '../data/loader.js';
import { type Dataset, isDataset } from '../data/sets/dataset.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { tensor } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';

/** Images that are float32 already, or a loader that makes them from files. */
export type TrainingData = ArrayDataset | DataLoader<Dataset>;

/** What is known of a data set besides its images. */
export interface DataFacts {
  /** How many images there are. */
  readonly count: number;
  /** Where it is known. */
  readonly numClasses?: number | undefined;
  /** The class of each image, where the data set has a list of them. */
  readonly labels?: Int32Array | undefined;
  /** The classes' names, where it has them. */
  readonly classes?: readonly string[] | undefined;
  /** How far a loader smooths labels before the loss sees them. */
  readonly smoothing?: number | undefined;
}

export function isLoader(data: TrainingData | Dataset | undefined): data is DataLoader<Dataset> {
  return data instanceof DataLoader;
}

/** @internal The loader of a data set of images, prepared as `options` say, or else the model. */
export function imageLoader(
  dataset: Dataset,
  { pretrainedConfig }: { readonly pretrainedConfig?: Preprocessing | undefined },
  options: DataLoaderOptions,
  where: string,
): DataLoader<Dataset> {
  const preprocessing = options.preprocessing ?? pretrainedConfig;
  if (preprocessing !== undefined) return new DataLoader<Dataset>(dataset, { ...options, preprocessing });
  const advice = 'Give it preprocessing, or a DataLoader.';
  throw expected('a model that says how images are prepared', where, new Text('one without pretrainedConfig'), advice);
}

/** Throws unless the parts of a data set go together; gives it as it is declared. */
export function checkTrainingData(data: TrainingData, where: string): TrainingData {
  if (!isLoader(data)) return checkDataset(data, where);
  factsOf(data, where);
  return data;
}

/** @throws TypeError for a loader of arrays, which are given as they are */
export function factsOf(data: TrainingData | Dataset, where: string): DataFacts {
  if (isLoader(data)) {
    const { numClasses, count, dataset, smoothing } = data;
    shapeOf(data, where);
    return { numClasses, count, labels: dataset.labels, classes: dataset.classes, smoothing };
  }
  if (!isDataset(data)) return data as ArrayDataset; // the only other kind
  const { classes, labels, length } = data as Dataset;
  return { numClasses: classes?.length, count: length, labels, classes };
}

/** Of one image: [channels, height, width]. @throws TypeError for a loader of arrays */
export function shapeOf({ shape }: TrainingData, where: string): readonly [number, number, number] {
  if (shape !== undefined) return shape;
  throw expected('a DataLoader of images, or their arrays,', where, new Text('a DataLoader of arrays'));
}

/** @throws TypeError for a data set of which it is not known */
export function numClassesOf({ numClasses }: DataFacts, where: string): number {
  if (numClasses !== undefined) return numClasses;
  const advice = 'Give it `classes`, or the DataLoader numClasses.';
  throw expected('a data set whose number of classes is known', where, new Text('one without'), advice);
}

/** The batches of an epoch, from one of them on. */
export async function* batchesOf(loader: DataLoader | DataLoader<Dataset>, epoch: number, from = 0) {
  if (loader.shape === undefined) {
    yield* (loader as DataLoader).arrayBatches(epoch, from);
    return;
  }
  for await (const { images, labels, targets, count } of loader.feedBatches(epoch, 0, from)) {
    const batch: HostBatch = { images, labels: labels ?? targets ?? new Int32Array(0), count }; // one of them is there
    yield batch;
  }
}

/** A batch's images (N,C,H,W), which become the caller's. */
export function imagesOf({ images, count }: HostBatch, shape: readonly number[]): Tensor {
  return images instanceof Float32Array ? tensor(images, [count, ...shape]) : images;
}

/** A batch's labels as a tensor: (N) int32, or (N,classes) float32. */
export function labelsOf({ labels, count }: HostBatch): Tensor {
  return labels instanceof Int32Array ? tensor(labels) : tensor(labels, [count, labels.length / count]);
}

/** For a batch that is not used, or used up. */
export function disposeImages({ images }: HostBatch): void {
  if (!(images instanceof Float32Array)) images.dispose();
}
