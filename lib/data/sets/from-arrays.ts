import { checkInteger, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { PixelSet } from './list.js';

/** What `fromArrays` takes. */
export interface ArrayParts {
  /** (count,C,H,W) bytes; C is 1 or 3. */
  readonly images: Uint8Array;
  /** The class of each image. */
  readonly labels: Int32Array | Uint8Array | readonly number[];
  /** Of one image: [channels, height, width]. */
  readonly shape: readonly [number, number, number];
  /** The classes' names. Default: their numbers. */
  readonly classes?: readonly string[];
}

const NAMES: OptionNames<ArrayParts> = { images: true, labels: true, shape: true, classes: true };

/**
 * A data set of bytes in memory. Images that are float32 already go to `DataLoader` as they are:
 * `{ images, labels, count, shape, numClasses }`.
 *
 * @throws TypeError for parts that are missing or do not go together
 * @see `torch.utils.data.TensorDataset`
 */
export function fromArrays(parts: ArrayParts): PixelSet {
  if (parts === undefined) throw expected('{ images, labels, shape }', 'fromArrays', parts);
  checkOptions(parts, NAMES, 'fromArrays');
  const { images, labels, shape } = parts;
  if (!(images instanceof Uint8Array)) throw expected('a Uint8Array of (count,C,H,W)', 'fromArrays images', images);
  if (!Array.isArray(shape) || shape.length !== 3) {
    throw expected('[channels, height, width]', 'fromArrays shape', shape);
  }
  const [channels, height, width] = shape as readonly number[];
  if (channels !== 1 && channels !== 3) throw expected('1 or 3 channels', 'fromArrays shape', channels);
  checkInteger(height, 'the height in fromArrays shape', 1);
  checkInteger(width, 'the width in fromArrays shape', 1);
  const stride = channels * height * width;
  const count = checkLength(images, stride);
  const numbers = checkLabels(labels, count);
  const most = numbers.reduce((largest, label) => Math.max(largest, label), 0);
  const classes = parts.classes ?? Array.from({ length: most + 1 }, (_, i) => String(i));
  if (!Array.isArray(classes)) throw expected('an array of names', 'fromArrays classes', classes);
  if (most >= classes.length) {
    throw expected(`labels from 0 to ${classes.length - 1}`, 'fromArrays', most);
  }
  return new PixelSet(images, numbers, classes, { height, width, channels, planes: true, stride, offset: 0 });
}

function checkLength(images: Uint8Array, stride: number): number {
  if (images.length > 0 && images.length % stride === 0) return images.length / stride;
  throw expected(`whole images of ${stride} bytes`, 'fromArrays images', new Text(`${images.length}`));
}

function checkLabels(labels: unknown, count: number): Int32Array {
  if (!Array.isArray(labels) && !(labels instanceof Int32Array) && !(labels instanceof Uint8Array)) {
    throw expected('an array of class indices', 'fromArrays labels', labels);
  }
  if (labels.length !== count) {
    throw expected(`${count} class indices`, 'fromArrays labels', new Text(`${labels.length}`));
  }
  return Int32Array.from(labels, (label: unknown) => checkInteger(label, 'a label of fromArrays', 0, 2 ** 31 - 2));
}
