import { checkInteger, expected, Text } from '../check.js';
import { AUGMENTATION, ERASING, IMAGE_FILTER, type ImageWindow, native } from '../native.js';
import type { Tensor } from '../tensor.js';
import type { ByteImage } from './byte-image.js';
import { checkTensor } from './check-tensor.js';
import type { Interpolation } from './image-resize.js';

export type ErasingMode = keyof typeof ERASING;

/** A step of an image's augmentation; `values` are its arguments, as PIL's function has them. */
export interface AugmentStep {
  readonly name: keyof typeof AUGMENTATION;
  readonly values: readonly number[];
}

/** A rectangle of the normalised image that becomes zeros, one normal number a channel, or one a pixel. */
export interface Erasing extends ImageWindow {
  readonly mode: ErasingMode;
  /** Of the normal numbers. */
  readonly seed: number;
}

/** An image in memory or in a file, and its way into a batch. */
export interface BatchImage {
  /** Its bytes; undefined for those of the file. */
  readonly bytes: ByteImage | undefined;
  /** Where in the file they begin. */
  readonly begin: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The part that is resized to `size`, and the part of the result that is kept. */
  readonly window: ImageWindow;
  readonly size: readonly [height: number, width: number];
  readonly kept: ImageWindow;
  readonly interpolation: Interpolation;
  readonly antialias: boolean;
  /** Where the result lies in the batch's image. */
  readonly top: number;
  readonly left: number;
  readonly steps: readonly AugmentStep[];
  readonly erasings: readonly Erasing[];
}

/** What all images of a batch go by; lists have a value for each channel. */
export interface BatchNormalization {
  readonly offset: readonly number[];
  readonly divisor: readonly number[];
  readonly fill: readonly number[];
  /** Of the file that images without bytes are read from. */
  readonly descriptor?: number;
}

/**
 * @internal Makes a batch of images in one command: each is resized, augmented, and written as planes of
 * `(byte - offset) / divisor`. Resizing is that of `imageResize`, bit for bit.
 *
 * @param images (N,C,H,W), N the number of images; C is 1 or 3
 * @throws TypeError for a number of images that is not N
 */
export function imageBatch(images: Tensor, list: readonly BatchImage[], normalization: BatchNormalization): void {
  checkTensor(images, 'imageBatch', { rank: 4, letters: '(N,C,H,W)' });
  const [n, channels, height, width] = images.shape;
  if (list.length !== n) throw expected(`${n} images`, 'imageBatch', new Text(`${list.length}`));
  const { offset, divisor, fill, descriptor = -1 } = normalization;
  const program: number[] = [];
  for (const image of list) encode(program, image);
  const x = list.map(({ bytes }) => bytes);
  native.imageBatch({ y: images, x, descriptor, channels, height, width, program, offset, divisor, fill });
  images.storage.version++;
}

function encode(program: number[], image: BatchImage): void {
  const { window, size, kept, steps, erasings } = image;
  program.push(image.begin, image.height, image.width, image.channels);
  program.push(window.top, window.left, window.height, window.width, size[0], size[1]);
  program.push(kept.top, kept.left, kept.height, kept.width);
  program.push(IMAGE_FILTER[image.interpolation], Number(image.antialias), image.top, image.left);
  program.push(steps.length);
  for (const { name, values } of steps) program.push(AUGMENTATION[name], ...values);
  program.push(erasings.length);
  for (const { top, left, height, width, mode, seed } of erasings) {
    program.push(top, left, height, width, ERASING[mode], seed);
  }
}

/** The step of an affine transform: where in the image a place (x,y) of the result lies, `[a, b, c, d, e, f]`. */
export function affineStep(
  matrix: readonly number[],
  interpolation: 'nearest' | 'bilinear' | 'bicubic',
  fill: readonly number[],
): AugmentStep {
  const colours = [fill[0], fill[1] ?? fill[0], fill[2] ?? fill[0]];
  return { name: 'affine', values: [...matrix, IMAGE_FILTER[interpolation], ...colours] };
}

/** How much of each image is its own, and the box that is the other's. */
export interface Mixing {
  readonly weights: readonly number[];
  /** Undefined where there is none. */
  readonly boxes: readonly (ImageWindow | undefined)[];
}

/**
 * @internal Mixes each image with that of the batch's other end.
 *
 * @param y (N,C,H,W)
 * @param x (N,C,H,W), another storage
 * @see timm's `Mixup`
 */
export function imageMix(y: Tensor, x: Tensor, { weights, boxes }: Mixing): void {
  const [count, channels, height, width] = x.shape;
  checkTensor(y, 'imageMix', { shape: x.shape, letters: '(N,C,H,W)' });
  checkInteger(weights.length, 'the weights of imageMix', count, count);
  const places = boxes.flatMap((box) => (box ? [box.top, box.left, box.height, box.width] : [0, 0, 0, 0]));
  native.imageMix({ y, x, count, channels, height, width, weight: weights, boxes: places });
  y.storage.version++;
}
