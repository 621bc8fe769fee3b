import { checkBoolean, checkInteger, checkNumber, expected, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { ones, zeros } from '../ops/creation.js';
import { addLayerNorm, layerNorm } from '../ops/layer-norm.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Options of `LayerNorm`. */
export interface LayerNormModuleOptions {
  /** Default 1e-5. */
  eps?: number;
  /** Whether there is a bias beside the weight. Default true. */
  bias?: boolean;
}

const OPTIONS: OptionNames<LayerNormModuleOptions> = { eps: true, bias: true };

/** @internal A norm's sizes, checked, and no longer the caller's. */
export function checkNormalizedShape(shape: number | readonly number[], where: string): readonly number[] {
  if (!Array.isArray(shape)) return Object.freeze([checkInteger(shape, where, 1)]);
  if (shape.length === 0) throw expected('at least one size', where, shape);
  return Object.freeze(shape.map((size) => checkInteger(size, where, 1)));
}

/**
 * Layer normalisation over the last axis, or the last several, with learned scale and shift.
 *
 * @throws TypeError unless sizes are whole numbers of at least 1
 * @see `torch.nn.LayerNorm`
 */
export class LayerNorm extends Module {
  /** (...normalizedShape) */
  readonly weight: Tensor;
  /** (...normalizedShape); undefined without a bias. */
  readonly bias: Tensor | undefined;
  /** Added to the variance. */
  readonly eps: number;
  /** Elements that are normalised together. */
  readonly width: number;
  /** The last axes of x, over which it normalises. */
  readonly normalizedShape: readonly number[];

  /** @param normalizedShape the size of the last axis, or the sizes of the last axes */
  constructor(normalizedShape: number | readonly number[], options: LayerNormModuleOptions = {}) {
    super();
    checkOptions(options, OPTIONS, 'LayerNorm');
    this.normalizedShape = checkNormalizedShape(normalizedShape, 'LayerNorm width');
    this.width = sizeOf(this.normalizedShape);
    this.eps = checkNumber(options.eps ?? 1e-5, 'LayerNorm eps', 0);
    this.weight = this.parameter('weight', () => ones(this.normalizedShape));
    this.bias = checkBoolean(options.bias ?? true, 'LayerNorm bias')
      ? this.parameter('bias', () => zeros(this.normalizedShape))
      : undefined;
  }

  /**
   * @param residual of x's shape, added to x first, in the same pass
   * @param dtype of the result of x alone; bfloat16 where a product is to read it
   */
  forward(x: Tensor, residual?: Tensor, dtype: 'float32' | 'bfloat16' = 'float32'): Tensor {
    const options = { eps: this.eps };
    if (residual === undefined) return layerNorm(x, this.weight, this.bias, { ...options, dtype });
    return addLayerNorm(x, residual, this.weight, this.bias, options).y;
  }
}
