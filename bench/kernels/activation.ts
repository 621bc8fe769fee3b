import { F, type Tensor } from '../../lib/index.js';
import { bytesOf, input, type KernelBench, type Shapes } from './kernel-bench.js';

/** An activation of a block's hidden layer; `flops` are those of an element, forward and backward. */
function activation(
  op: string,
  apply: (x: Tensor) => Tensor,
  flops: readonly [number, number],
): KernelBench<{ count: number }> {
  return {
    op,
    params: ({ batch, tokens, hidden }: Shapes) => ({ count: batch * tokens * hidden }),
    flops: ({ count }) => ({ forward: flops[0] * count, backward: flops[1] * count }),
    bytes: ({ count }) => ({ forward: bytesOf(2 * count), backward: bytesOf(3 * count) }),
    prepare: ({ count }) => {
      const x = input(count);
      return { inputs: [x], run: () => apply(x) };
    },
  };
}

/** x/2 (1 + erf(x/sqrt 2)); backward has the density exp(-x^2/2) besides. */
export const gelu = activation('gelu', (x) => F.gelu(x), [5, 10]);
export const relu = activation('relu', F.relu, [1, 1]);
