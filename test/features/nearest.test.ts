import assert from 'node:assert/strict';
import { features } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { generator, uniform } from '../reference/random.js';

/** A set of random vectors. */
function randomSet(count: number, width: number, seed: number): features.FeatureSet {
  return { values: Float32Array.from(uniform([count, width], generator(seed), -1, 1).data), count, width };
}

/** Cosines of two sets in float64, (queries,base). */
function cosines(base: features.FeatureSet, queries: features.FeatureSet): number[][] {
  const rows = ({ values, count, width }: features.FeatureSet): number[][] =>
    Array.from({ length: count }, (_, i) => {
      const row = [...values.subarray(i * width, (i + 1) * width)];
      const length = Math.hypot(...row);
      return row.map((value) => value / length);
    });
  const table = rows(base);
  return rows(queries).map((q) => table.map((row) => row.reduce((sum, value, i) => sum + value * q[i], 0)));
}

describe('nearest features', () => {
  returnsMemory();

  it('are those of largest cosine in float64, nearest first', async () => {
    const [base, queries] = [randomSet(300, 24, 7), randomSet(9, 24, 8)];
    const { indices, similarities, k } = await features.nearest(base, queries, { k: 5 });
    assert.equal(k, 5);
    for (const [q, row] of cosines(base, queries).entries()) {
      const order = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, 5);
      assert.deepEqual([...indices.subarray(q * 5, q * 5 + 5)], order);
      for (const [i, at] of order.entries()) assert.ok(Math.abs(similarities[q * 5 + i] - row[at]) < 1e-6);
    }
  });

  it('of the base itself leave each image out of its own', async () => {
    const base = { values: Float32Array.of(1, 0, 1, 0, 0, 1), count: 3, width: 2 }; // two are the same
    const { indices } = await features.nearest(base, base, { k: 2, excludeSelf: true });
    assert.deepEqual([...indices], [1, 2, 0, 2, 0, 1]);
  });

  it('refuse vectors of another width, and more than there are', async () => {
    await assert.rejects(features.nearest(randomSet(3, 2, 1), randomSet(1, 3, 1)), /vectors of 2 numbers .+ 3\. Both/);
    await assert.rejects(features.nearest(randomSet(3, 2, 1), randomSet(1, 2, 1), { k: 4 }), /from 1 to 3/);
  });
});
