import { conv2d } from '../ops/conv2d.js';
import { layerNorm } from '../ops/layer-norm.js';
import { pad } from '../ops/pad.js';
import { reshape } from '../ops/reshape.js';
import { scope } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

// Added to the variance of a filter, as in the hybrid ViTs' published weights.
const EPS = 1e-8;

/** The padding before and after an axis with which a window every `stride` gives ceil(size / stride) positions. */
export function samePadding(size: number, kernel: number, stride: number): readonly [before: number, after: number] {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * A square convolution whose filters are standardised to mean 0 and variance 1 before use; no bias; padded so that the
 * image shrinks by the stride alone, (N,inChannels,H,W) to (N,outChannels,ceil(H/stride),ceil(W/stride)).
 * @see Qiao et al. 2019
 * @see timm's `StdConv2dSame`
 */
export class StdConv2d extends Module {
  readonly weight: Tensor; // (OC,C,k,k)
  /** Added to the variance of a filter. */
  readonly eps = EPS;

  constructor(
    inChannels: number,
    readonly outChannels: number,
    readonly kernelSize: number,
    readonly stride = 1,
  ) {
    super();
    this.weight = this.parameter('weight', () =>
      init.defaultUniform(empty([outChannels, inChannels, kernelSize, kernelSize])),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const filters = layerNorm(reshape(this.weight, [this.outChannels, -1]), undefined, undefined, { eps: this.eps });
      const weight = reshape(filters, this.weight.shape);
      const { stride } = this;
      const [top, bottom] = samePadding(x.shape[2], this.kernelSize, stride); // (N,C,H,W)
      const [left, right] = samePadding(x.shape[3], this.kernelSize, stride);
      if (top === bottom && left === right) return conv2d(x, weight, undefined, { stride, padding: [top, left] });
      return conv2d(pad(x, [top, bottom, left, right]), weight, undefined, { stride });
    });
  }
}
