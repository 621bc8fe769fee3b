import { checkArray, checkBoolean, checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Tensor } from '../tensor.js';
import type { Module } from './module.js';

/** Options of `featurePyramid`. */
export interface FeaturePyramidOptions {
  /**
   * The blocks of a ViT or the stages of a Swin: the last n, or those of the given numbers (from 0; negative from the end).
   * Default: a ViT's last three, as timm's `features_only`, and all stages of a Swin.
   */
  outIndices?: number | readonly number[];
  /** Whether the model's final norm is applied: to every map of a ViT, and to the last stage's of a Swin. Default false. */
  norm?: boolean;
}

const NAMES: OptionNames<FeaturePyramidOptions> = { outIndices: true, norm: true };

/** What is known of a map before there is one. @see timm's `feature_info` */
export interface FeatureMapInfo {
  /** The block or stage that it leaves. */
  readonly index: number;
  /** Its channels. */
  readonly channels: number;
  /** How many times as large the image's sides are. */
  readonly reduction: number;
}

/** A model that gives maps of features at several depths, such as `ViT` and `Swin`. */
export interface PyramidBackbone extends Module {
  /** @param images (N,C,H,W) @returns maps (N,D,h,w), in order of depth */
  featurePyramid(images: Tensor, options?: FeaturePyramidOptions): Tensor[];
  /** What `featurePyramid` gives. */
  featureInfo(outIndices?: number | readonly number[]): FeatureMapInfo[];
}

/** @internal Throws for options that are unknown; which layers there are, a model knows. */
export function checkPyramid(options: FeaturePyramidOptions): { norm: boolean } {
  checkOptions(options, NAMES, 'featurePyramid');
  return { norm: checkBoolean(options.norm ?? false, 'featurePyramid norm') };
}

/** @internal The numbers of the last `n` of `count` layers, or those listed, negative ones counted from the end; in order of depth. */
export function indicesOf(n: number | readonly number[], count: number, where: string): number[] {
  if (typeof n === 'number') {
    checkInteger(n, where, 1, count);
    return Array.from({ length: n }, (_, i) => count - n + i);
  }
  const listed = checkArray(n, 'a number of layers, or an array of their numbers', where);
  if (listed.length === 0) throw expected('at least one layer', where, n);
  const numbers = listed.map((i) => checkInteger(i, where, -count, count - 1)).map((i) => (i < 0 ? count + i : i));
  return [...new Set(numbers)].sort((a, b) => a - b);
}
