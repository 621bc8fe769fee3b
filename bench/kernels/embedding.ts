import { F, randint, untracked } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

/** A row of a table for each token. */
export const embedding: KernelBench<{ count: number; entries: number; dim: number }> = {
  op: 'embedding',
  params: ({ batch, tokens, dim }) => ({ count: batch * tokens, entries: 1000, dim }),
  flops: ({ count, dim }) => ({ forward: 0, backward: count * dim }),
  bytes: ({ count, entries, dim }) => ({
    forward: bytesOf(2 * count * dim),
    backward: bytesOf((count + entries) * dim),
  }),
  prepare: ({ count, entries, dim }) => {
    const table = input(entries, dim);
    const index = untracked(() => randint(0, entries, [count]));
    return { inputs: [table], run: () => F.embedding(index, table) };
  },
};
