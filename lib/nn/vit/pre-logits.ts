import type { Tensor } from '../../tensor.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';

/**
 * The hidden layer between pooling and head that the paper pretrains with: linear, then tanh.
 * @see Dosovitskiy et al. 2021, section 3.1
 * @see `pre_logits` of timm 0.5, with its parameter names
 */
export class PreLogits extends Module {
  /** (width to representationSize) */
  readonly fc: Linear;

  constructor(width: number, representationSize: number) {
    super();
    this.fc = this.child('fc', new Linear(width, representationSize));
  }

  /** @param x (N,width) @returns (N,representationSize) */
  forward(x: Tensor): Tensor {
    return this.fc.forward(x, { activation: 'tanh' });
  }
}
