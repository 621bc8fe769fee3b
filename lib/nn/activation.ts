import { checkOneOf } from '../check.js';
import { checkOptions } from '../check-options.js';
import { GELU_OPTIONS, type GELUOptions, gelu, relu } from '../ops/activation.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Gaussian error linear unit. Counterpart: `torch.nn.GELU`. */
export class GELU extends Module {
  /** As given. */
  readonly options: Readonly<GELUOptions>;

  constructor(options: GELUOptions = {}) {
    super();
    checkOptions(options, GELU_OPTIONS, 'GELU');
    this.options = Object.freeze({ ...options });
    checkOneOf(options.approximate ?? 'none', 'GELU approximate', ['none', 'tanh']);
  }

  forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/** Rectified linear unit. Counterpart: `torch.nn.ReLU`. */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}
