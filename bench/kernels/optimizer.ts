import { optim, type Tensor } from '../../lib/index.js';
import { bytesOf, constant, input, type KernelBench } from './kernel-bench.js';

type MakeOptimizer = (parameters: Tensor[]) => optim.Optimizer;

/** One update of a block's parameters; `states` are the tensors that the optimizer keeps for each. */
function update(op: string, make: MakeOptimizer, flops: number, states: number): KernelBench<{ count: number }> {
  return {
    op,
    params: ({ dim, hidden }) => ({ count: dim * (4 * dim + 2 * hidden) }),
    flops: ({ count }) => ({ forward: flops * count, backward: null }),
    // Gradients are read; parameters and states are read and written.
    bytes: ({ count }) => ({ forward: bytesOf((3 + 2 * states) * count), backward: null }),
    prepare: ({ count }) => {
      const parameter = input(count);
      parameter.grad = constant(count);
      const optimizer = make([parameter]);
      optimizer.advance();
      const run = (): undefined => {
        optimizer.apply();
      };
      return { inputs: [], run };
    },
  };
}

/** Momentum 2, update 2. */
export const sgd = update('sgd', (parameters) => new optim.SGD(parameters, { lr: 1e-3, momentum: 0.9 }), 4, 1);
/** Decay 1, first moment 3, second 4, denominator 3, update 2. */
export const adamw = update('adamw', (parameters) => new optim.AdamW(parameters, { lr: 1e-3 }), 13, 2);
