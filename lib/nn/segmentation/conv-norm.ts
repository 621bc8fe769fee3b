import { relu } from '../../ops/activation.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { BatchNorm2d } from '../batch-norm.js';
import { Conv2d } from '../conv2d.js';
import { Module } from '../module.js';

/**
 * A convolution without bias that keeps the size, batch normalisation and ReLU.
 * @see `ConvModule` of mmsegmentation; `UperNetConvModule` of Hugging Face's library, with its parameter names
 */
export class ConvNorm extends Module {
  /** Without bias. */
  readonly conv: Conv2d;
  /** Behind it. */
  readonly batchNorm: BatchNorm2d;

  /** @param kernelSize an odd number */
  constructor(inChannels: number, outChannels: number, kernelSize: number) {
    super();
    const options = { padding: (kernelSize - 1) / 2, bias: false };
    this.conv = this.child('conv', new Conv2d(inChannels, outChannels, kernelSize, options));
    this.batchNorm = this.child('batch_norm', new BatchNorm2d(outChannels));
  }

  /** @param x (N,C,H,W) @returns (N,outChannels,H,W) */
  forward(x: Tensor): Tensor {
    return scope(() => relu(this.batchNorm.forward(this.conv.forward(x))));
  }
}
