import { checkInteger, checkNumber } from '../../check.js';
import { full } from '../../ops/creation.js';
import { mul } from '../../ops/elementwise.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

/** A learned factor for each channel of a residual branch. @see Touvron et al. 2021 (CaiT) */
export class LayerScale extends Module {
  /** (dim) */
  readonly gamma: Tensor;

  constructor(dim: number, initValue: number) {
    super();
    checkInteger(dim, 'LayerScale dim', 1);
    checkNumber(initValue, 'LayerScale initValue');
    this.gamma = this.parameter('gamma', () => full([dim], initValue));
  }

  forward(x: Tensor): Tensor {
    return mul(x, this.gamma);
  }
}
