import { checkBoolean, checkInteger } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type LinearOptions, linear } from '../ops/linear.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/** Options of `Linear`. */
export interface LinearModuleOptions {
  /** Whether there is a bias. Default true. */
  bias?: boolean;
}

const OPTIONS: OptionNames<LinearModuleOptions> = { bias: true };

/**
 * An affine map of the last axis, (..., inFeatures) to (..., outFeatures).
 *
 * @throws TypeError unless the sizes are whole numbers of at least 1
 * Counterpart: `torch.nn.Linear`, its initial values included.
 */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearModuleOptions = {},
  ) {
    super();
    checkOptions(options, OPTIONS, 'Linear');
    checkInteger(inFeatures, 'Linear inFeatures', 1);
    checkInteger(outFeatures, 'Linear outFeatures', 1);
    this.weight = this.parameter('weight', () => init.defaultUniform(empty([outFeatures, inFeatures])));
    this.bias = checkBoolean(options.bias ?? true, 'Linear bias')
      ? this.parameter('bias', () => init.defaultUniform(empty([outFeatures]), inFeatures))
      : undefined;
  }

  forward(x: Tensor, options: LinearOptions = {}): Tensor {
    return linear(x, this.weight, this.bias, options);
  }
}
