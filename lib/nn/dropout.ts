import { dropout, dropPath } from '../ops/dropout.js';
import { checkDropProbability } from '../ops/random.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Dropout while training, nothing in evaluation. @see `torch.nn.Dropout` */
export class Dropout extends Module {
  /** @param p the probability with which an element is dropped */
  constructor(readonly p = 0.5) {
    super();
    checkDropProbability(p, 'Dropout p');
  }

  forward(x: Tensor): Tensor {
    return this.training ? dropout(x, this.p) : x;
  }
}

/** Stochastic depth while training: whole samples of a residual branch are dropped. @see timm's `DropPath` */
export class DropPath extends Module {
  /** @param p the probability with which a sample is dropped */
  constructor(readonly p = 0) {
    super();
    checkDropProbability(p, 'DropPath p');
  }

  forward(x: Tensor): Tensor {
    return this.training ? dropPath(x, this.p) : x;
  }
}
