import { checkInteger, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { IMAGE_FILTER, type ImageWindow, native } from '../native.js';
import { ByteImage, checkWindowWithin } from './byte-image.js';

/** How pixels are made from those of another size, by PIL's names. */
export type Interpolation = keyof typeof IMAGE_FILTER;
export const INTERPOLATIONS = Object.keys(IMAGE_FILTER) as readonly Interpolation[]; // the table's own keys

/** Options of `imageResize`. */
export interface ImageResizeOptions {
  /** (height, width) of the whole result. */
  readonly size: readonly [height: number, width: number];
  readonly interpolation: Interpolation;
  /** Whether the filter widens where the image shrinks; only 'bilinear' may do without. Default true. */
  readonly antialias?: boolean;
  /** The part of the image that is resized, as though it were all. Default: the whole. */
  readonly window?: ImageWindow;
  /** The part of the result that is wanted; the rest is not computed. Default: the whole. */
  readonly kept?: ImageWindow;
}

const NAMES: OptionNames<ImageResizeOptions> = {
  size: true,
  interpolation: true,
  antialias: true,
  window: true,
  kept: true,
};

/** @internal Without antialias, all but bilinear would need sums between the passes that are no bytes. */
export function checkAntialias(antialias: unknown, interpolation: Interpolation, where: string): void {
  if (typeof antialias !== 'boolean') throw expected('true or false', `${where} antialias`, antialias);
  if (!antialias && interpolation !== 'bilinear' && interpolation !== 'nearest') {
    throw expected("interpolation 'bilinear'", `${where} without antialias`, interpolation);
  }
}

// The native op's limit.
const MOST_SIDE = 2 ** 30;

/**
 * @internal An image of another size, byte for byte as `PIL.Image.resize` makes it: two passes of whole-number sums,
 * rounded to bytes after each.
 *
 * @param image (H,W,C)
 * @returns (h,w,C), of `kept`'s size
 * @throws TypeError for sizes that are no whole numbers of at least 1, windows outside, or an unknown interpolation
 * @see `PIL.Image.resize(size, resample, box)`, then `crop`
 */
export function imageResize(image: ByteImage, options: ImageResizeOptions): ByteImage {
  checkOptions(options, NAMES, 'imageResize');
  const { interpolation, antialias = true } = options;
  checkOneOf(interpolation, 'imageResize interpolation', INTERPOLATIONS);
  checkAntialias(antialias, interpolation, 'imageResize');
  const [outHeight, outWidth] = options.size;
  for (const side of options.size) checkInteger(side, 'imageResize size', 1, MOST_SIDE);
  const whole = { top: 0, left: 0, height: outHeight, width: outWidth };
  const window = checkWindowWithin(options.window ?? image.window, [image.height, image.width], 'imageResize window');
  const kept = checkWindowWithin(options.kept ?? whole, [outHeight, outWidth], 'imageResize kept');
  const twice = interpolation !== 'nearest' && outHeight !== window.height && outWidth !== window.width;
  const y = new ByteImage(kept.height, kept.width, image.channels);
  try {
    using between = twice ? new ByteImage(window.height, kept.width, image.channels) : undefined;
    const { channels, height, width } = image;
    const sizes = { channels, height, width, window, outHeight, outWidth, kept };
    native.imageResize({ y, between, x: image, ...sizes, filter: IMAGE_FILTER[interpolation], antialias });
  } catch (error) {
    y.dispose();
    throw error;
  }
  return y;
}
