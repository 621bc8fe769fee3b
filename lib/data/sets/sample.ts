import { checkInteger, expected, Text } from '../../check.js';
import { Tensor } from '../../tensor.js';

/** Decoded pixels (H,W,C), row-major bytes; C is 1 (grey) or 3 (red, green, blue). */
export interface RawImage {
  /** (H,W,C) */
  readonly pixels: Uint8Array;
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels of a row. */
  readonly width: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: 1 | 3;
}

/** An image file that lies inside another one, and is read when it is decoded. */
export interface ArchivedImage {
  /** What messages call it. */
  readonly name: string;
  /** Other than before when the image is: a cache on disk goes by it. */
  readonly stamp: string;
  /** The file's bytes. */
  bytes(): Promise<Uint8Array>;
}

/**
 * The path of an image file, such a file's bytes, one in an archive, or pixels; or a float32 tensor (C,H,W), which goes
 * into a batch as it is.
 */
export type ImageSource = string | Uint8Array | ArchivedImage | RawImage | Tensor;

/** An image and what it shows: a class's number, or for each class how far the image is of it (0 or 1 as a rule). */
export interface Sample {
  /** Where the image is, or its pixels. */
  readonly image: ImageSource;
  /** Its class, or a value for each class. */
  readonly label: number | Float32Array;
}

/** How messages call an image. */
export function nameOf(image: ImageSource, index: number): string {
  if (typeof image === 'string') return image;
  return isArchived(image) ? image.name : `image ${index}`;
}

export function isArchived(image: ImageSource): image is ArchivedImage {
  return typeof image === 'object' && 'stamp' in image;
}

/** Throws unless an item of a data set is an image with its label, the label one of `classes`, where that is known. */
export function checkSample(sample: unknown, classes: number | undefined, where: string): Sample {
  if (typeof sample !== 'object' || sample === null || !('image' in sample) || !('label' in sample)) {
    throw expected('{ image, label }', where, sample);
  }
  checkSource(sample.image, where);
  checkLabel(sample.label, classes, where);
  return sample as Sample; // as checked
}

function checkSource(image: unknown, where: string): void {
  if (typeof image === 'string' || image instanceof Uint8Array) return;
  if (image instanceof Tensor) {
    if (image.dtype === 'float32' && image.shape.length === 3) return;
    throw expected('a float32 tensor (C,H,W)', `the image of ${where}`, image);
  }
  if (typeof image === 'object' && image !== null && 'stamp' in image) {
    checkArchived(image as ArchivedImage, where);
    return;
  }
  if (typeof image !== 'object' || image === null || !('pixels' in image)) {
    const kinds = 'a path, the bytes of a file, { pixels, height, width, channels }, or a tensor (C,H,W)';
    throw expected(kinds, `the image of ${where}`, image);
  }
  checkRaw(image as RawImage, where);
}

function checkArchived(image: ArchivedImage, where: string): void {
  const { name, stamp, bytes } = image;
  if (typeof name === 'string' && typeof stamp === 'string' && typeof bytes === 'function') return;
  throw expected('an archived image { name, stamp, bytes() }', `the image of ${where}`, image);
}

/** Throws unless pixels are bytes of the sizes that they are said to have. */
export function checkRaw({ pixels, height, width, channels }: RawImage, where: string): void {
  if (!(pixels instanceof Uint8Array)) throw expected('a Uint8Array', `the pixels of ${where}`, pixels);
  checkInteger(height, `the height of ${where}`, 1);
  checkInteger(width, `the width of ${where}`, 1);
  if (channels !== 1 && channels !== 3) throw expected('1 or 3 channels', where, channels);
  if (pixels.length === height * width * channels) return;
  throw expected(`${height * width * channels} bytes`, `the pixels of ${where}`, new Text(`${pixels.length}`));
}

function checkLabel(label: unknown, classes: number | undefined, where: string): void {
  if (label instanceof Float32Array) {
    if (label.length === 0 || (classes !== undefined && label.length !== classes)) {
      const values = classes === undefined ? 'values, one for each class,' : `${classes} values, one for each class,`;
      throw expected(values, `the label of ${where}`, new Text(`${label.length}`));
    }
    if (label.every((value) => value >= 0 && value <= 1)) return;
    throw expected('values from 0 to 1', `the label of ${where}`, label);
  }
  const most = (classes ?? 2 ** 31) - 1;
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label <= most) return;
  throw expected(`a class index from 0 to ${most}, or a Float32Array`, `the label of ${where}`, label, advice(label));
}

function advice(label: unknown): string {
  if (typeof label === 'string') return 'Of names, take the position in the list of all.';
  return Array.isArray(label) ? 'Of one value for each class, make it a Float32Array.' : '';
}
