import assert from 'node:assert/strict';
import { autocast, F, noGrad, scope, type Tensor, tensor } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { generator } from '../reference/random.js';
import { rounded } from './rounded.js';

/** (rows,columns) of whole numbers from -8 to 8, which bfloat16 holds. */
function wholeNumbers(rows: number, columns: number, random: () => number): number[][] {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.floor(random() * 17) - 8));
}

/** a (m,k) b (k,n), row by row. */
function product(a: readonly number[][], b: readonly number[][]): number[] {
  return a.flatMap((row) =>
    Array.from({ length: b[0]?.length ?? 0 }, (_, j) =>
      row.reduce((sum, value, k) => sum + value * (b[k]?.[j] ?? Number.NaN), 0),
    ),
  );
}

const transposed = (x: readonly number[][]): number[][] => (x[0] ?? []).map((_, j) => x.map((row) => row[j]));
const from = (x: readonly number[][], requiresGrad = false): Tensor =>
  tensor(x.flat(), [x.length, x[0]?.length ?? 0], { requiresGrad });

// Sums that float32 holds have one value in any order, so these are the bits of every way to multiply.
describe('bfloat16 products of whole numbers', () => {
  returnsMemory();

  for (const [rows, features, out] of [
    [1, 1, 1],
    [15, 31, 17],
    [16, 32, 16],
    [17, 33, 31],
    [33, 65, 49],
    [47, 2, 100],
    [65, 130, 33],
    [300, 47, 33],
    [12, 1700, 50],
    [130, 773, 97],
  ] satisfies [number, number, number][]) {
    it(`are exact in both directions, packed in passing or before (${rows},${features}) by (${out},${features})`, () => {
      const random = generator(rows + features);
      const [x, weight] = [wholeNumbers(rows, features, random), wholeNumbers(out, features, random)];
      const dy = wholeNumbers(rows, out, random);
      const y = product(x, transposed(weight));
      const [dx, dweight] = [product(dy, weight), product(transposed(dy), x)];
      // As it is read and as it is stored: factors of both kinds are packed, results of both kinds written.
      for (const dtype of ['float32', 'bfloat16'] as const) {
        const stored = (values: number[]): number[] => (dtype === 'bfloat16' ? values.map(rounded) : values);
        scope(() => {
          const [xs, weights] = [from(x).to(dtype).detach(), from(weight, true)];
          xs.requiresGrad = true;
          const run = () => autocast('bf16', () => F.linear(xs, weights, undefined, { dtype }));
          for (let i = 0; i < 3; i++) assert.deepEqual([...noGrad(run).dataSync()], stored(y), dtype);
          run().backward(from(dy));
          assert.deepEqual([...(xs.grad?.dataSync() ?? [])], stored(dx), `${dtype} dx`);
          assert.deepEqual([...(weights.grad?.dataSync() ?? [])], dweight, `${dtype} dweight`);
        });
      }
    });
  }
});
