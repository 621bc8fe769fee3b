import { F } from '../../lib/index.js';
import { bytesOf, constant, input, type KernelBench, type Shapes } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  count: number;
}

const params = ({ batch, tokens, dim }: Shapes): Params => ({ count: batch * tokens * dim });

/** Has no backward: the gradient is handed on. */
export const add: KernelBench<Params> = {
  op: 'add',
  params,
  flops: ({ count }) => ({ forward: count, backward: null }),
  bytes: ({ count }) => ({ forward: bytesOf(3 * count), backward: null }),
  prepare: ({ count }) => {
    const [a, b] = [constant(count), constant(count)];
    return { inputs: [], run: () => F.add(a, b) };
  },
};

export const mul: KernelBench<Params> = {
  op: 'mul',
  params,
  flops: ({ count }) => ({ forward: count, backward: 2 * count }),
  bytes: ({ count }) => ({ forward: bytesOf(3 * count), backward: bytesOf(5 * count) }),
  prepare: ({ count }) => {
    const [a, b] = [input(count), input(count)];
    return { inputs: [a, b], run: () => F.mul(a, b) };
  },
};

// 3 x 128 MiB: past every cache that a core has to itself.
const MEMORY_COUNT = 32 * 2 ** 20;

/** `add` on what no cache holds: the speed of memory. */
export const addMemory: KernelBench<Params> = { ...add, op: 'add-memory', params: () => ({ count: MEMORY_COUNT }) };
