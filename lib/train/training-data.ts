import { expected, Text } from '../check.js';
import { checkDataset } from '../data/check-dataset.js';
import type { ArrayDataset } from '../data/dataset.js';
import { DataLoader, type HostBatch } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import { tensor } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';

/** Images that are float32 already, or a loader that makes them from files. */
export type TrainingData = ArrayDataset | DataLoader<Dataset>;

/** What is known of a data set besides its images. */
export type DataFacts = Pick<ArrayDataset, 'shape' | 'numClasses' | 'labels' | 'count'>;

export function isLoader(data: TrainingData): data is DataLoader<Dataset> {
  return data instanceof DataLoader;
}

/** Throws unless the parts of a data set go together; gives it as it is declared. */
export function checkTrainingData(data: TrainingData, where: string): TrainingData {
  if (!isLoader(data)) return checkDataset(data, where);
  factsOf(data, where);
  return data;
}

/** @throws TypeError for a loader whose labels or classes are not known beforehand */
export function factsOf(data: TrainingData, where: string): DataFacts {
  if (!isLoader(data)) return data;
  const { shape, numClasses, count, dataset } = data;
  if (shape === undefined) throw expected('a DataLoader of images, or their arrays,', where, data);
  if (numClasses === undefined || dataset.labels === undefined) {
    throw expected(
      'a data set that has labels and classes',
      where,
      new Text('one without'),
      'As data.imageFolder gives.',
    );
  }
  return { shape, numClasses, labels: dataset.labels, count };
}

/**
 * The batches of an epoch, from one of them on.
 *
 * @throws TypeError for a batch whose labels are mixed or several, which the loss does not take
 */
export async function* batchesOf(loader: DataLoader | DataLoader<Dataset>, epoch: number, from = 0) {
  if (loader.shape === undefined) {
    yield* (loader as DataLoader).hostBatches(epoch, from);
    return;
  }
  for await (const { images, labels, count } of loader.feedBatches(epoch, 0, from)) {
    if (labels === undefined) {
      images.dispose();
      throw expected('one class an image', 'a batch', new Text('several, or mixed ones'), 'Use a loop of your own.');
    }
    const batch: HostBatch = { images, labels, count };
    yield batch;
  }
}

/** A batch's images (N,C,H,W), which become the caller's. */
export function imagesOf({ images, count }: HostBatch, shape: readonly number[]): Tensor {
  return images instanceof Float32Array ? tensor(images, [count, ...shape]) : images;
}

/** For a batch that is not used, or used up. */
export function disposeImages({ images }: HostBatch): void {
  if (!(images instanceof Float32Array)) images.dispose();
}
