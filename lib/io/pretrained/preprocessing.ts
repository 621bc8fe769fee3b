import { checkInteger, checkNumber, checkOneOf, checkPair, expected, Text } from '../../check.js';
import { checkAntialias, INTERPOLATIONS, type Interpolation } from '../../ops/image-resize.js';

/** How an image becomes a model's input. */
export interface Preprocessing {
  /** (height, width) to resize to, the length in pixels of the shorter side, or 'none'. */
  readonly resize: number | readonly [number, number] | 'none';
  /**
   * How a (height, width) is met: `'stretch'` (default) whatever the image's proportions are; `'cover'` and `'contain'`
   * keep them, so that the image covers it just, or fits into it just.
   */
  readonly fit?: 'stretch' | 'cover' | 'contain';
  /** Where `resize` is the shorter side: the most that the longer one may have. */
  readonly longest?: number;
  /** (height, width) cut from the middle after resizing: the model's input. */
  readonly crop: readonly [number, number];
  /**
   * What becomes of half pixels, where the crop begins and in sides that `fit` gives: `'even'` (default), Python's
   * `round`, as timm and torchvision; `'down'` as Transformers.
   */
  readonly rounding?: 'even' | 'down';
  /** What surrounds an image that is smaller than the crop: a byte for each channel. Default 0. */
  readonly fill?: readonly number[];
  /** PIL's filter of this name. */
  readonly interpolation: Interpolation;
  /** Whether the filter widens where the image shrinks, as PIL's always do; only 'bilinear' may not. Default true. */
  readonly antialias?: boolean;
  /** What a byte is multiplied by. Default 1/255. */
  readonly rescale?: number;
  /** Of each channel, on a scale from 0 (black) to 1 (or what `rescale` makes of 255). One for grey images. */
  readonly mean: readonly number[];
  /** Divides each channel, after the mean. */
  readonly std: readonly number[];
}

/** The statistics of ImageNet's training images, red, green, blue. */
export const imagenetStatistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** What maps 0..1 to -1..1: Google's, called "inception" in timm and "standard" in Hugging Face's library. */
export const standardStatistics = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

/** Those of OpenAI's CLIP. */
export const clipStatistics = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;

/** The standard statistics for any number of channels. */
export function standardFor(channels: number): { mean: number[]; std: number[] } {
  return { mean: new Array(channels).fill(0.5), std: new Array(channels).fill(0.5) };
}

/** What models that were trained here expect: stretched to their size as timm resizes, from -1 (black) to 1. */
export function ownPreprocessing(size: readonly [number, number], channels: number): Preprocessing {
  return { resize: size, crop: size, interpolation: 'bicubic', ...standardFor(channels) };
}

// The longest side that PIL's and our files have is 65,535; a crop may surround it.
const MOST_SIDE = 2 ** 20;

/** Throws unless every field is one that can be honoured; unknown fields are for who knows the whole object. */
export function checkPreprocessing(preprocessing: Preprocessing, where: string): void {
  const { resize, fit, longest, crop, rounding, fill, interpolation, antialias, rescale, mean, std } = preprocessing;
  if (!Array.isArray(mean) || !Array.isArray(std) || (mean.length !== 1 && mean.length !== 3)) {
    throw expected('lists of 1 or 3 means, and as many deviations', where, mean);
  }
  if (std.length !== mean.length) {
    throw expected('1 or 3 means, and as many deviations', where, new Text(`${mean.length} and ${std.length}`));
  }
  for (const value of mean) checkNumber(value, `${where} mean`);
  for (const value of std) {
    checkNumber(value, `${where} std`);
    // float32 divides by it.
    if (Math.fround(value) === 0) throw expected('a deviation other than 0', `${where} std`, value);
  }
  if (resize !== 'none') checkSides(resize, `${where} resize`);
  checkSides(crop, `${where} crop`);
  if (!Array.isArray(crop)) throw expected('a (height, width) pair', `${where} crop`, crop);
  checkOneOf(interpolation, `${where} interpolation`, INTERPOLATIONS);
  checkOneOf(fit ?? 'stretch', `${where} fit`, ['stretch', 'cover', 'contain']);
  checkOneOf(rounding ?? 'even', `${where} rounding`, ['even', 'down']);
  if (longest !== undefined) checkInteger(longest, `${where} longest`, 1, MOST_SIDE);
  checkAntialias(antialias ?? true, interpolation, where);
  if (checkNumber(rescale ?? 1 / 255, `${where} rescale`) === 0) {
    throw expected('a factor other than 0', `${where} rescale`, rescale);
  }
  if (fill === undefined) return;
  if (!Array.isArray(fill) || fill.length !== mean.length) throw expected('a byte a channel', `${where} fill`, fill);
  for (const value of fill) checkNumber(value, `${where} fill`, 0, 255);
}

function checkSides(value: unknown, where: string): void {
  for (const side of checkPair(value, where, 1)) checkInteger(side, where, 1, MOST_SIDE);
}

/** A value of a model's input as the byte that it was, of channel `c`; what is out of range becomes black or white. */
export function byteOf(
  value: number,
  { mean, std, rescale = 1 / 255 }: Pick<Preprocessing, 'mean' | 'std' | 'rescale'>,
  c: number,
): number {
  const byte = (value * (std[c] ?? 1) + (mean[c] ?? 0)) / rescale;
  return Math.round(Math.min(255, Math.max(0, byte)));
}
