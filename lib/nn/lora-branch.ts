import { dropout } from '../ops/dropout.js';
import { mul } from '../ops/elementwise.js';
import { linear } from '../ops/linear.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/** What a `LoraBranch` is made of. */
export interface LoraSizes {
  inFeatures: number;
  outFeatures: number;
  rank: number;
  alpha: number;
  dropout: number;
  useRslora: boolean;
}

/**
 * What LoRA adds to a linear layer's product: scaling * dropout(x) A^T B^T, of a rank far below the layer's sizes.
 * A begins as PEFT's does, B with zeros, so that a layer computes at first what it did without.
 * @see Hu et al. 2021 (LoRA), section 4.1
 */
export class LoraBranch extends Module {
  /** (rank, inFeatures) */
  readonly A: Tensor;
  /** (outFeatures, rank) */
  readonly B: Tensor;
  /** Rows of A, columns of B. */
  readonly rank: number;
  /** Over the rank, or its square root, what the branch is multiplied by. */
  readonly alpha: number;
  /** The probability with which an element of the branch's input is dropped. */
  readonly dropout: number;
  /** Whether it is over the square root of the rank. */
  readonly useRslora: boolean;

  constructor({ inFeatures, outFeatures, rank, alpha, dropout, useRslora }: LoraSizes) {
    super();
    this.rank = rank;
    this.alpha = alpha;
    this.dropout = dropout;
    this.useRslora = useRslora;
    // PEFT's Kaiming-uniform with a slope of sqrt(5), as that of PyTorch's linear layers.
    this.A = this.parameter('A', () => init.defaultUniform(empty([rank, inFeatures])));
    this.B = this.parameter('B', () => init.zeros(empty([outFeatures, rank])));
  }

  /** The product's factor; rank-stabilised by the root of the rank (Kalajdzievski 2023). */
  get scaling(): number {
    return this.alpha / (this.useRslora ? Math.sqrt(this.rank) : this.rank);
  }

  /** @param x (..., inFeatures) @param product of the layer itself (..., outFeatures) @returns their sum */
  forward(x: Tensor, product: Tensor): Tensor {
    const kept = this.training ? dropout(x, this.dropout) : x;
    return linear(mul(linear(kept, this.A), this.scaling), this.B, undefined, { residual: product });
  }
}
