import { F } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

/** The mean over the tokens, as pooling takes it. */
export const mean: KernelBench<{ batch: number; tokens: number; dim: number }> = {
  op: 'mean',
  params: ({ batch, tokens, dim }) => ({ batch, tokens, dim }),
  flops: ({ batch, tokens, dim }) => ({ forward: batch * tokens * dim, backward: batch * dim }),
  bytes: ({ batch, tokens, dim }) => ({
    forward: bytesOf(batch * tokens * dim),
    backward: bytesOf(batch * tokens * dim),
  }),
  prepare: ({ batch, tokens, dim }) => {
    const x = input(batch, tokens, dim);
    return { inputs: [x], run: () => F.mean(x, { dim: 1 }) };
  },
};
