import { checkInteger } from '../check.js';
import { flatten } from '../ops/reshape.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** What it is given, unchanged: for a place where nothing is to be done. @see `torch.nn.Identity` */
export class Identity extends Module {
  forward<T = Tensor>(x: T): T {
    return x;
  }
}

/** Several axes as one; by default all but the first. @see `torch.nn.Flatten` */
export class Flatten extends Module {
  constructor(
    /** The first axis of those that become one. */
    readonly startDim = 1,
    /** The last axis of those that become one; negative ones count from the end. */
    readonly endDim = -1,
  ) {
    super();
    for (const [name, dim] of Object.entries({ startDim, endDim })) {
      checkInteger(dim, `Flatten ${name}`, Number.MIN_SAFE_INTEGER);
    }
  }

  forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
}
