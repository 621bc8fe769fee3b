import { native } from '../native.js';
import { untracked } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import { Turns } from '../turns.js';
import { checkBatchLabels } from './check-dataset.js';
import type { ArrayDataset } from './dataset.js';

/** Images (N,C,H,W) of arrays and their classes. */
export interface ArrayBatch<Images = Float32Array> {
  images: Images;
  labels: Int32Array;
  count: number;
}

/** Which images of a data set a batch has, and their classes. */
export interface BatchPlaces {
  readonly dataset: ArrayDataset;
  readonly places: Uint32Array;
  readonly labels: Int32Array;
}

/** An epoch's places, a batch at a time, from batch `from` on. @throws TypeError for a label that has become no class */
export function* placesOf(
  dataset: ArrayDataset,
  order: ArrayLike<number>,
  { batchSize, dropLast, from }: { batchSize: number; dropLast: boolean; from: number },
): Generator<BatchPlaces> {
  const all = new Uint32Array(order);
  for (let start = from * batchSize; start < all.length; start += batchSize) {
    const places = all.subarray(start, start + batchSize);
    if (dropLast && places.length < batchSize) return;
    const labels = Int32Array.from(places, (place) => dataset.labels[place]);
    checkBatchLabels({ labels, count: labels.length }, dataset.numClasses, 'a batch');
    yield { dataset, places, labels };
  }
}

/** The images at some places, in JavaScript's memory. */
export function pixelsAt({ images, shape }: ArrayDataset, places: Uint32Array): Float32Array {
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Float32Array(places.length * size);
  for (const [i, place] of places.entries()) pixels.set(images.subarray(place * size, (place + 1) * size), i * size);
  return pixels;
}

/** Whether images take milliseconds to copy. */
export function isLarge({ shape }: ArrayDataset, { length }: Uint32Array): boolean {
  return length * shape[0] * shape[1] * shape[2] * Float32Array.BYTES_PER_ELEMENT > 2 ** 20;
}

/**
 * The images at some places (N,C,H,W), copied in turns of the event loop: 64 of 224 x 224 are 38 MB, which take some 30 ms at
 * once.
 */
export async function imagesAt({ images, shape }: ArrayDataset, places: Uint32Array): Promise<Tensor> {
  const turns = new Turns();
  const size = shape[0] * shape[1] * shape[2];
  const batch = untracked(() => empty([places.length, ...shape]));
  for (const [i, place] of places.entries()) {
    const image = images.subarray(place * size, (place + 1) * size);
    native.write(batch.handle, image, i * image.byteLength);
    await turns.pass();
  }
  return batch;
}
