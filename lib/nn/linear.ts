import { checkBoolean, checkInteger, checkOneOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { activate } from '../ops/activation.js';
import { add } from '../ops/elementwise.js';
import { ACTIVATIONS, LINEAR_OPTIONS, type LinearOptions, linear } from '../ops/linear.js';
import { productDtype } from '../precision.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import type { LoraBranch } from './lora-branch.js';
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
 * @see `torch.nn.Linear`, its initial values included
 */
export class Linear extends Module {
  /** (outFeatures,inFeatures) */
  readonly weight: Tensor;
  /** (outFeatures); undefined without a bias. */
  readonly bias: Tensor | undefined;
  /** What `applyLora` adds to the product. */
  lora: LoraBranch | undefined;

  constructor(
    /** Size of x's last axis. */
    readonly inFeatures: number,
    /** Size of the result's last axis. */
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

  /** @param bias in place of its own */
  forward(x: Tensor, options: LinearOptions = {}, bias: Tensor | undefined = this.bias): Tensor {
    return this.lora === undefined
      ? linear(x, this.weight, bias, options)
      : scope(() => this.#adapted(x, this.lora as LoraBranch, options, bias)); // just seen
  }

  /** The branch is added before the activation: without one, the residual rides on the product as ever. */
  #adapted(x: Tensor, lora: LoraBranch, options: LinearOptions, bias: Tensor | undefined): Tensor {
    checkOptions(options, LINEAR_OPTIONS, 'linear');
    const { residual, dtype } = options;
    const activation = checkOneOf(options.activation ?? 'none', 'linear activation', ACTIVATIONS);
    if (activation === 'none') return lora.forward(x, linear(x, this.weight, bias, options));
    const product = linear(x, this.weight, bias, { dtype: dtype ?? residual?.dtype ?? productDtype() });
    const y = activate(lora.forward(x, product), activation);
    return residual === undefined ? y : add(y, residual);
  }
}
