import { checkInteger, expected, Text } from '../check.js';
import type { ArrayDataset } from './dataset.js';

const PARTS = ['images', 'labels', 'count', 'shape', 'numClasses'] as const;

/**
 * Throws unless the parts of a data set are there and go together. What can be taken as it is meant, is: images as
 * numbers in an array or of 64 bits, labels in any array of whole numbers, arrays of another realm.
 *
 * @returns the data set itself where it is as declared, else a copy that is
 * @throws TypeError that says which part is wrong, and how to make it right
 */
export function checkDataset(dataset: ArrayDataset, where: string): ArrayDataset {
  if (typeof dataset !== 'object' || dataset === null) throw expected(`a data set of ${list}`, where, dataset);
  const missing = PARTS.find((part) => dataset[part] === undefined);
  if (missing !== undefined) throw expected(`a data set of ${list}`, where, new Text(`one without ${missing}`));
  const count = checkInteger(dataset.count, `the count of images of ${where}`, 1);
  const numClasses = checkInteger(dataset.numClasses, `numClasses of ${where}`, 1, 2 ** 31 - 1);
  const size = imageSize(dataset.shape, where);
  const images = checkImages(dataset.images, where);
  if (images.length !== count * size) {
    const pixels = new Text(`${images.length}`);
    throw expected(`${count * size} pixels, ${count} images of ${size},`, where, pixels, 'count and shape must fit.');
  }
  const labels = checkLabels(dataset.labels, { count, numClasses }, where);
  if (images === dataset.images && labels === dataset.labels) return dataset;
  return { ...dataset, images, labels };
}

const list = `${PARTS.slice(0, -1).join(', ')} and ${PARTS.at(-1)}`;

function imageSize(shape: unknown, where: string): number {
  if (!Array.isArray(shape) || shape.length !== 3) {
    throw expected('a shape [channels, height, width]', `the images of ${where}`, shape);
  }
  return shape.reduce((size: number, length) => size * checkInteger(length, `a size in the shape of ${where}`, 1), 1);
}

/** The elements of an array of any realm: another realm's array is no `instanceof` ours, but its memory is memory. */
function arrayName(value: unknown): string {
  if (Array.isArray(value)) return 'Array';
  return ArrayBuffer.isView(value) ? Object.prototype.toString.call(value).slice('[object '.length, -1) : 'none';
}

function checkImages(images: unknown, where: string): Float32Array {
  if (images instanceof Float32Array) return images;
  const view = images as Float32Array; // of whatever realm and element; see below
  switch (arrayName(images)) {
    case 'Float32Array':
      return new Float32Array(view.buffer, view.byteOffset, view.length);
    case 'Float64Array':
      return Float32Array.from(view);
    case 'Array':
      return Float32Array.from(images as unknown[], (pixel) => {
        if (typeof pixel !== 'number') throw expected('pixels that are numbers', `the images of ${where}`, pixel);
        return pixel;
      });
    default: {
      const advice = 'Of bytes: Float32Array.from(bytes, (byte) => byte / 127.5 - 1).';
      throw expected('a Float32Array of pixels from -1 to 1', `the images of ${where}`, images, advice);
    }
  }
}

const WHOLE = /^(Int|Uint|BigInt|BigUint)\d+(Clamped)?Array$/;

function checkLabels(labels: unknown, sizes: { count: number; numClasses: number }, where: string): Int32Array {
  const { count, numClasses } = sizes;
  const name = arrayName(labels);
  if (name === 'none' || name === 'DataView') {
    throw expected('an Int32Array of class indices', `the labels of ${where}`, labels);
  }
  const given = labels as ArrayLike<unknown>;
  if (given.length !== count) {
    const oneHot = count > 0 && given.length === count * numClasses;
    const advice = oneHot ? 'Of one-hot rows, take the index of the 1.' : 'There must be one for each image.';
    throw expected(`${count} class indices`, `the labels of ${where}`, new Text(`${given.length} values`), advice);
  }
  const range = `class indices from 0 to ${numClasses - 1}`;
  for (let i = 0; i < count; i++) {
    const label = WHOLE.test(name) || typeof given[i] === 'bigint' ? Number(given[i]) : given[i];
    if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < numClasses) continue;
    const named =
      typeof label === 'string' ? 'Of names, take the position in the list of all: names.indexOf(label).' : '';
    throw expected(range, `the labels of ${where}`, given[i], `That is label ${i}. ${named}`.trim());
  }
  if (labels instanceof Int32Array) return labels;
  return Int32Array.from(given as ArrayLike<number | bigint>, Number);
}

/**
 * Throws unless a batch's labels are classes, or rows of a number for each class, before anything is enqueued that would
 * fail on the stream and stop it for whoever shares it.
 *
 * @param count images
 * @param classes of the data set; of the model, the width of its logits
 */
export function checkBatchLabels(
  { labels, count }: { labels: Int32Array | Float32Array; count: number },
  classes: number,
  where: string,
): void {
  if (labels instanceof Float32Array) {
    if (labels.length === count * classes) return;
    const width = labels.length / count;
    throw expected(`labels of ${classes} classes, as many as the model's,`, where, new Text(`${width} for an image`));
  }
  for (const label of labels) {
    if (label >= 0 && label < classes) continue;
    throw expected(`class labels from 0 to ${classes - 1}`, where, label);
  }
}
