import { F, randint, untracked } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

export const crossEntropy: KernelBench<{ rows: number; classes: number }> = {
  op: 'cross-entropy',
  params: ({ batch, classes }) => ({ rows: batch, classes }),
  // Forward: maximum, difference, exponential, sum. Backward: difference, exponential, scale.
  flops: ({ rows, classes }) => ({ forward: 4 * rows * classes, backward: 3 * rows * classes }),
  bytes: ({ rows, classes }) => ({ forward: bytesOf(rows * classes), backward: bytesOf(2 * rows * classes) }),
  prepare: ({ rows, classes }) => {
    const logits = input(rows, classes);
    const labels = untracked(() => randint(0, classes, [rows]));
    return { inputs: [logits], run: () => F.crossEntropy(logits, labels) };
  },
};
