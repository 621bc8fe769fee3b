import type { Tensor } from '../tensor.js';
import { AdamBase, type AdamOptions } from './adam.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of `AdamW`. */
export interface AdamWOptions extends AdamOptions {
  /** Decoupled. Default 0.01. */
  weightDecay?: number;
}

/**
 * Adam with decoupled weight decay: PyTorch's update exactly.
 *
 * @throws TypeError for options out of range
 * @see Loshchilov and Hutter 2019
 * @see `torch.optim.AdamW`
 */
export class AdamW extends AdamBase {
  constructor(params: readonly Tensor[] | readonly ParameterGroup[], options: AdamWOptions = {}) {
    super('AdamW', params, options, { decoupled: true, weightDecay: 0.01 });
  }
}
