import { F } from '../../lib/index.js';
import { bytesOf, input, type KernelBench, type Shapes } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  rows: number;
  width: number;
}

const params = ({ batch, tokens, dim }: Shapes): Params => ({ rows: batch * tokens, width: dim });
const EPS = 1e-6;

export const layerNorm: KernelBench<Params> = {
  op: 'layer-norm',
  params,
  // Forward: mean 1, variance 3, normalising 2, weight and bias 2. Backward: xhat 2, dweight and dbias 3, dy weight 1,
  // its two means 3, dx 4.
  flops: ({ rows, width }) => ({ forward: 8 * rows * width, backward: 13 * rows * width }),
  bytes: ({ rows, width }) => ({ forward: bytesOf(2 * rows * width), backward: bytesOf(3 * rows * width) }),
  prepare: ({ rows, width }) => {
    const [x, weight, bias] = [input(rows, width), input(width), input(width)] as const;
    return { inputs: [x, weight, bias], run: () => F.layerNorm(x, weight, bias, { eps: EPS }) };
  },
};

/** The norm of a sum; the sum itself is a result too, whose gradient is not asked for. */
export const addLayerNorm: KernelBench<Params> = {
  op: 'add-layer-norm',
  params,
  flops: ({ rows, width }) => ({ forward: 9 * rows * width, backward: 13 * rows * width }),
  bytes: ({ rows, width }) => ({ forward: bytesOf(4 * rows * width), backward: bytesOf(3 * rows * width) }),
  prepare: ({ rows, width }) => {
    const [x, residual, weight, bias] = [input(rows, width), input(rows, width), input(width), input(width)] as const;
    return {
      inputs: [x, residual, weight, bias],
      run: () => F.addLayerNorm(x, residual, weight, bias, { eps: EPS }).y,
    };
  },
};
