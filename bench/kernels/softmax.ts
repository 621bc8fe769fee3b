import { F } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

/** Of attention scores (B,H,T,T). */
export const softmax: KernelBench<{ rows: number; width: number }> = {
  op: 'softmax',
  params: ({ batch, heads, tokens }) => ({ rows: batch * heads * tokens, width: tokens }),
  // Forward: maximum, difference, exponential, sum, scale. Backward: dy y, its sum, difference, product.
  flops: ({ rows, width }) => ({ forward: 5 * rows * width, backward: 4 * rows * width }),
  bytes: ({ rows, width }) => ({ forward: bytesOf(2 * rows * width), backward: bytesOf(3 * rows * width) }),
  prepare: ({ rows, width }) => {
    const x = input(rows, width);
    return { inputs: [x], run: () => F.softmax(x) };
  },
};
