import { checkInteger } from '../check.js';
import { type LinearOptions, linear } from '../ops/linear.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

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
    options: { bias?: boolean } = {},
  ) {
    super();
    checkInteger(inFeatures, 'Linear inFeatures', 1);
    checkInteger(outFeatures, 'Linear outFeatures', 1);
    this.weight = this.parameter('weight', () => init.defaultUniform(empty([outFeatures, inFeatures])));
    this.bias =
      options.bias === false
        ? undefined
        : this.parameter('bias', () => init.defaultUniform(empty([outFeatures]), inFeatures));
  }

  forward(x: Tensor, options: LinearOptions = {}): Tensor {
    return linear(x, this.weight, this.bias, options);
  }
}
