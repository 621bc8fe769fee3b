import { checkInterpolate, type InterpolateOptions, interpolate } from '../ops/interpolate.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Images at another size. @see `torch.nn.Upsample` */
export class Upsample extends Module {
  /** As given. */
  readonly options: Readonly<InterpolateOptions>;

  /** @throws TypeError for options that are unknown or do not go together */
  constructor(options: InterpolateOptions) {
    super();
    checkInterpolate(options, 'Upsample');
    this.options = Object.freeze({ ...options });
  }

  /** @param x (N,C,H,W) */
  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }
}
