import { F, type Tensor } from '../../lib/index.js';
import { bytesOf, constant, input, type KernelBench } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  batch: number;
  channels: number;
  img: number;
  patch: number;
  dim: number;
}

/** An image to its patch embeddings; images need no gradient, so backward is the weight's. */
function image2emb(op: string, weight: (p: Params) => Tensor, apply: (x: Tensor, weight: Tensor, p: Params) => Tensor) {
  const bench: KernelBench<Params> = {
    op,
    params: ({ batch, channels, img, patch, dim }) => ({ batch, channels, img, patch, dim }),
    flops: ({ batch, channels, img, dim }) => {
      const product = 2 * batch * channels * img ** 2 * dim;
      return { forward: product, backward: product };
    },
    bytes: ({ batch, channels, img, patch, dim }) => {
      const moved = batch * (channels * img ** 2 + (img / patch) ** 2 * dim) + channels * patch ** 2 * dim;
      return { forward: bytesOf(moved), backward: bytesOf(moved) };
    },
    prepare: (p) => {
      const x = constant(p.batch, p.channels, p.img, p.img);
      const parameter = weight(p);
      return { inputs: [parameter], run: () => apply(x, parameter, p) };
    },
  };
  return bench;
}

export const image2embNaive = image2emb(
  'image2emb-naive',
  ({ channels, patch, dim }) => input(channels * patch ** 2, dim),
  (x, weight, { patch }) => F.image2embNaive(x, patch, weight),
);

export const image2embConv = image2emb(
  'image2emb-conv',
  ({ channels, patch, dim }) => input(dim, channels, patch, patch),
  (x, weight) => F.image2embConv(x, weight),
);
