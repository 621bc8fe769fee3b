import { F } from '../../lib/index.js';
import { bytesOf, input, type KernelBench } from './kernel-bench.js';

interface Params {
  [name: string]: number;
  batch: number;
  m: number;
  n: number;
  k: number;
  /** 0 or 1: whether the operand is stored transposed. */
  transposeA: number;
  transposeB: number;
}

/** Batched products; without other sizes, attention's scores q k^T. */
export const matmul: KernelBench<Params> = {
  op: 'matmul',
  params: ({ batch, heads, tokens, dim }) => ({
    batch: batch * heads,
    m: tokens,
    n: tokens,
    k: dim / heads,
    transposeA: 0,
    transposeB: 1,
  }),
  flops: ({ batch, m, n, k }) => ({ forward: 2 * batch * m * n * k, backward: 4 * batch * m * n * k }),
  bytes: ({ batch, m, n, k }) => ({
    forward: bytesOf(batch * (m * k + k * n + m * n)),
    backward: bytesOf(batch * (2 * (m * k + k * n) + m * n)),
  }),
  prepare: ({ batch, m, n, k, transposeA, transposeB }) => {
    const leading = batch === 1 ? [] : [batch];
    const a = transposeA ? input(...leading, k, m) : input(...leading, m, k);
    const b = transposeB ? input(...leading, n, k) : input(...leading, k, n);
    const options = { transposeA: transposeA === 1, transposeB: transposeB === 1 };
    return { inputs: [a, b], run: () => F.matmul(a, b, options) };
  },
};
