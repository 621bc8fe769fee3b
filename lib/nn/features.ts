import { checkBoolean, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { cat } from '../ops/cat.js';
import { div } from '../ops/elementwise.js';
import { amax } from '../ops/extrema.js';
import { mean } from '../ops/reduce.js';
import { norm } from '../ops/reductions.js';
import { reshape } from '../ops/reshape.js';
import { slice } from '../ops/slice.js';
import { clamp } from '../ops/unary.js';
import { wide } from '../ops/wide.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { evaluating } from './evaluating.js';
import type { Module } from './module.js';

/**
 * How a model's tokens become one vector: what its own head reads (`'head'`), the class token, the mean or the maximum of
 * the patches, class token and mean one behind the other; with `'none'` they stay as they are.
 */
export type FeaturePool = 'head' | 'cls' | 'mean' | 'max' | 'cls+mean' | 'none';

/** @internal */
export const FEATURE_POOLS: readonly FeaturePool[] = ['head', 'cls', 'mean', 'max', 'cls+mean', 'none'];

/** Options of `features`. */
export interface FeatureOptions {
  /** Default `'head'`, which is `'none'` for a model whose head reads every token. */
  pool?: FeaturePool;
  /**
   * The last n blocks (of Swin: stages), or those of the given numbers (from 0; negative from the end): what leaves each,
   * normed (of Swin: the last alone) and pooled, one behind the other. Default: the last alone.
   */
  layers?: number | readonly number[];
  /** Whether each vector is divided by its length (L2), so that products are cosines. Default false. */
  normalize?: boolean;
  /** Whether gradients are recorded, and dropout draws where the model is in training mode. Default false. */
  grad?: boolean;
}

const NAMES: OptionNames<FeatureOptions> = { pool: true, layers: true, normalize: true, grad: true };

/** A model that gives features: all that `Model.fromPretrained` makes. */
export interface FeatureExtractor extends Module {
  /** @param images (N,C,H,W) @returns (N,D), or with `pool: 'none'` (N,T,D) */
  features(images: Tensor, options?: FeatureOptions): Tensor;
}

/** @internal Throws unless `model` gives features. */
export function checkExtractor(model: unknown, where: string): void {
  const gives = typeof model === 'object' && model !== null && 'features' in model;
  if (gives && typeof model.features === 'function') return;
  throw expected('a model with features(images), such as a ViT,', where, model);
}

/**
 * @internal What `features` of any model does: options checked, gradients and dropout off, vectors of several layers one
 * behind the other, lengths made 1.
 *
 * @param pooled each wanted layer's tokens, normed, as `pool` says: (N,D), or (N,T,D)
 */
export function extract(
  model: Module,
  options: FeatureOptions,
  pooled: (pool: FeaturePool, layers: number | readonly number[] | undefined) => Tensor[],
): Tensor {
  checkOptions(options, NAMES, 'features');
  const pool = checkOneOf(options.pool ?? 'head', 'features pool', FEATURE_POOLS);
  const normalize = checkBoolean(options.normalize ?? false, 'features normalize');
  const run = (): Tensor =>
    scope(() => {
      const all = pooled(pool, options.layers);
      const joined = all.length === 1 ? all[0] : cat(all, -1);
      return normalize ? unit(joined) : joined;
    });
  return checkBoolean(options.grad ?? false, 'features grad') ? run() : evaluating(model, run);
}

/** Vectors along the last axis, each divided by its length. @see `torch.nn.functional.normalize` */
export function unit(x: Tensor): Tensor {
  return scope(() => {
    const whole = wide(x);
    return div(whole, clamp(norm(whole, { dim: -1, keepDim: true }), { min: 1e-12 }));
  });
}

/** What pooling must know of a model. */
export interface TokenFacts {
  /** Tokens in front of the patches. */
  readonly prefix: number;
  /** Whether the first of them is a class token. */
  readonly classToken: boolean;
  /** The final norm, where it comes after pooling. */
  readonly pooledNorm?: ((x: Tensor) => Tensor) | undefined;
}

/** Throws unless a model of these tokens has what a pooling reads. */
export function checkPool(pool: FeaturePool, { classToken }: Pick<TokenFacts, 'classToken'>): void {
  if (classToken || (pool !== 'cls' && pool !== 'cls+mean')) return;
  throw expected("'head', 'mean', 'max' or 'none'", 'features pool of a model without class token', pool);
}

/** Tokens (N,T,D) to (N,D), or (N,2D) with `'cls+mean'`. */
export function poolFeatures(tokens: Tensor, pool: Exclude<FeaturePool, 'head'>, facts: TokenFacts): Tensor {
  if (pool === 'none') return tokens;
  const { prefix, pooledNorm } = facts;
  return scope(() => {
    const normed = (x: Tensor): Tensor => pooledNorm?.(x) ?? x;
    const patches = (): Tensor => (prefix === 0 ? tokens : slice(tokens, 1, prefix));
    if (pool === 'max') return normed(amax(patches(), { dim: 1 }));
    if (pool === 'mean') return normed(mean(patches(), { dim: 1 }));
    const [n, , d] = tokens.shape as [number, number, number]; // three axes
    const first = normed(reshape(slice(tokens, 1, 0, 1), [n, d]));
    return pool === 'cls' ? first : cat([first, normed(mean(patches(), { dim: 1 }))], 1);
  });
}
