import { setImmediate as nextTurn } from 'node:timers/promises';
import { expected, Text } from '../check.js';
import type { FeedBatch } from '../data/feed/feed.js';
import type { DataLoader } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import { tensor } from '../ops/creation.js';
import { slice } from '../ops/slice.js';
import { untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { isLoader, type TrainingData } from '../train/training-data.js';
import type { ReportImage } from './report-data.js';
import { type Normalised, thumbnail } from './thumbnail.js';

// A photograph's picture on the page; at twice a screen's pixels it is as large as it is shown.
const MOST_PIXELS = 112;

/** Pictures of some of a data set's images, by their indices. Those that cannot be read are not there. */
export async function picturesOf(
  data: TrainingData,
  indices: readonly number[],
  normalised: Normalised,
): Promise<Map<number, ReportImage>> {
  const pictures = new Map<number, ReportImage>();
  const missing = [...new Set(indices)];
  if (isLoader(data)) {
    for await (const batch of data.feedBatches(0, 0, 0, missing)) {
      const images = await picturesOfBatch(batch, data, normalised, batch.count);
      for (const [i, image] of images.entries()) pictures.set(batch.indices[i], image);
    }
    return pictures;
  }
  const size = data.shape[0] * data.shape[1] * data.shape[2];
  for (const index of missing) {
    pictures.set(
      index,
      thumbnail(data.images.subarray(index * size, (index + 1) * size), data.shape, normalised, MOST_PIXELS),
    );
    await nextTurn(); // a picture takes a millisecond or two, and a page has a hundred
  }
  return pictures;
}

/** The first images of a batch as pictures, one read after the other; the batch is used up. */
export async function picturesOfBatch(
  { images }: Pick<FeedBatch, 'images'>,
  { shape }: Pick<DataLoader<Dataset>, 'shape'>,
  normalised: Normalised,
  count: number,
): Promise<ReportImage[]> {
  const pictures: ReportImage[] = [];
  try {
    for (let i = 0; i < count; i++) {
      using image = untracked(() => slice(images as Tensor<'float32'>, 0, i, i + 1)); // or bfloat16, whose values are read alike
      pictures.push(thumbnail(await image.data(), shape ?? [0, 0, 0], normalised, MOST_PIXELS));
      await nextTurn();
    }
  } finally {
    images.dispose();
  }
  return pictures;
}

/** An image of a data set as the model takes it, (1,C,H,W); the caller's to dispose. */
export async function inputAt(data: TrainingData, index: number): Promise<Tensor> {
  if (!isLoader(data)) {
    const size = data.shape[0] * data.shape[1] * data.shape[2];
    return tensor(data.images.subarray(index * size, (index + 1) * size), [1, ...data.shape]);
  }
  for await (const { images } of data.feedBatches(0, 0, 0, [index])) return images;
  throw expected('an image that can be read', `image ${index}`, new Text('one that cannot'));
}
