import { F, type Tensor } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

const P = 0.1;

/** Random numbers are not counted as operations. */
function drop(op: string, apply: (x: Tensor) => Tensor): KernelBench<{ batch: number; size: number }> {
  return {
    op,
    params: ({ batch, tokens, dim }) => ({ batch, size: tokens * dim }),
    flops: ({ batch, size }) => ({ forward: batch * size, backward: batch * size }),
    bytes: ({ batch, size }) => ({ forward: bytesOf(2 * batch * size), backward: bytesOf(2 * batch * size) }),
    prepare: ({ batch, size }) => {
      const x = input(batch, size);
      return { inputs: [x], run: () => apply(x) };
    },
  };
}

export const dropout = drop('dropout', (x) => F.dropout(x, P));
export const dropPath = drop('drop-path', (x) => F.dropPath(x, P));
