import { checkBoolean, checkInteger, checkNumber } from '../check.js';
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

/**
 * Layer normalisation over the last axis, with learned scale and shift.
 *
 * @throws TypeError unless the width is a whole number of at least 1
 * Counterpart: `torch.nn.LayerNorm` over one axis.
 */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly eps: number;

  constructor(
    readonly width: number,
    options: LayerNormModuleOptions = {},
  ) {
    super();
    checkOptions(options, OPTIONS, 'LayerNorm');
    checkInteger(width, 'LayerNorm width', 1);
    this.eps = checkNumber(options.eps ?? 1e-5, 'LayerNorm eps', 0);
    this.weight = this.parameter('weight', () => ones([width]));
    this.bias = checkBoolean(options.bias ?? true, 'LayerNorm bias')
      ? this.parameter('bias', () => zeros([width]))
      : undefined;
  }

  /** @param residual of x's shape, added to x first, in the same pass */
  forward(x: Tensor, residual?: Tensor): Tensor {
    const options = { eps: this.eps };
    if (residual === undefined) return layerNorm(x, this.weight, this.bias, options);
    return addLayerNorm(x, residual, this.weight, this.bias, options).y;
  }
}
