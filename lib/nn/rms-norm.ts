import { checkBoolean, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { ones } from '../ops/creation.js';
import { RMS_NORM_EPS, rmsNorm } from '../ops/rms-norm.js';
import type { Tensor } from '../tensor.js';
import { checkNormalizedShape } from './layer-norm.js';
import { Module } from './module.js';

/** Options of `RMSNorm`. */
export interface RMSNormOptions {
  /** Default 2^-23. */
  eps?: number;
  /** Whether there is a weight. Default true. */
  elementwiseAffine?: boolean;
}

const OPTIONS: OptionNames<RMSNormOptions> = { eps: true, elementwiseAffine: true };

/**
 * Division by the root of the mean square over the last axis, or the last several, with a learned scale.
 *
 * @throws TypeError unless sizes are whole numbers of at least 1
 * @see Zhang and Sennrich 2019
 * @see `torch.nn.RMSNorm`
 */
export class RMSNorm extends Module {
  /** (...normalizedShape); undefined without `elementwiseAffine`. */
  readonly weight: Tensor | undefined;
  /** Added to the mean square. */
  readonly eps: number;
  /** The last axes of x, over which it normalises. */
  readonly normalizedShape: readonly number[];

  /** @param normalizedShape the size of the last axis, or the sizes of the last axes */
  constructor(normalizedShape: number | readonly number[], options: RMSNormOptions = {}) {
    super();
    checkOptions(options, OPTIONS, 'RMSNorm');
    this.normalizedShape = checkNormalizedShape(normalizedShape, 'RMSNorm width');
    this.eps = checkNumber(options.eps ?? RMS_NORM_EPS, 'RMSNorm eps', 0);
    this.weight = checkBoolean(options.elementwiseAffine ?? true, 'RMSNorm elementwiseAffine')
      ? this.parameter('weight', () => ones(this.normalizedShape))
      : undefined;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, { eps: this.eps, normalizedShape: this.normalizedShape });
  }
}
