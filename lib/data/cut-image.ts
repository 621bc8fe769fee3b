import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import type { ByteImage } from '../ops/byte-image.js';
import type { BatchImage, BatchNormalization } from '../ops/image-batch.js';
import { imageResize } from '../ops/image-resize.js';
import { cropOffset, resizedSize } from './image-geometry.js';

// The one way of a decoded image into a batch, for loadImages and for loaders that do not augment: resized, cut, normalised.

/** An image's bytes, ready for a batch, and where they lie in the model's image. */
export interface CutImage extends Pick<BatchImage, 'begin' | 'height' | 'width' | 'channels'> {
  readonly bytes: ByteImage;
  /** Less than the model's image where that surrounds it. */
  readonly corner: readonly [top: number, left: number];
}

/** The part of an image that a model sees, resized; the rest is not computed. */
export function cutImage(image: ByteImage, preprocessing: Preprocessing): CutImage {
  const { crop, interpolation, antialias = true, rounding } = preprocessing;
  const size = resizedSize([image.height, image.width], preprocessing);
  const top = cropOffset(size[0], crop[0], rounding);
  const left = cropOffset(size[1], crop[1], rounding);
  const height = Math.min(size[0], crop[0]);
  const width = Math.min(size[1], crop[1]);
  const kept = { top: Math.max(0, top), left: Math.max(0, left), height, width };
  const bytes = imageResize(image, { size, interpolation, antialias, kept });
  const corner = [kept.top - top, kept.left - left] as const;
  return { bytes, begin: 0, height, width, channels: image.channels, corner };
}

/** How an image goes into a batch that nothing more is done to. */
export function asItIs(
  image: Pick<BatchImage, 'bytes' | 'begin' | 'height' | 'width' | 'channels'>,
  [top, left]: readonly [top: number, left: number],
): BatchImage {
  const { height, width } = image;
  const whole = { top: 0, left: 0, height, width };
  const unchanged = {
    window: whole,
    size: [height, width],
    kept: whole,
    interpolation: 'nearest',
    antialias: true,
  } as const;
  return { ...image, ...unchanged, top, left, steps: [], erasings: [] };
}

/** What becomes of the bytes: `(byte * rescale - mean) / std`, in bytes. */
export function normalizationOf(preprocessing: Preprocessing): BatchNormalization & { fill: readonly number[] } {
  const { mean, std, rescale = 1 / 255, fill = mean.map(() => 0) } = preprocessing;
  return { offset: mean.map((value) => value / rescale), divisor: std.map((value) => value / rescale), fill };
}
