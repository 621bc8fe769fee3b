import { F } from '../../lib/index.js';
import { bytesOf, constant, input, type KernelBench } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  batch: number;
  channels: number;
  img: number;
  outChannels: number;
}

const KERNEL = 3;

/** A 3 x 3 convolution with padding, the first of a convolutional stem; images need no gradient. */
export const conv2d: KernelBench<Params> = {
  op: 'conv2d',
  params: ({ batch, channels, img }) => ({ batch, channels, img, outChannels: 64 }),
  flops: ({ batch, channels, img, outChannels }) => {
    const product = 2 * batch * img ** 2 * channels * KERNEL ** 2 * outChannels;
    return { forward: product, backward: product };
  },
  bytes: ({ batch, channels, img, outChannels }) => {
    const moved = bytesOf(batch * img ** 2 * (channels + outChannels));
    return { forward: moved, backward: moved };
  },
  prepare: ({ batch, channels, img, outChannels }) => {
    const x = constant(batch, channels, img, img);
    const [weight, bias] = [input(outChannels, channels, KERNEL, KERNEL), input(outChannels)] as const;
    return { inputs: [weight, bias], run: () => F.conv2d(x, weight, bias, { padding: 1 }) };
  },
};
