import assert from 'node:assert/strict';
import { F, reset, scope, type Tensor, tensor } from '../../lib/index.js';
import { getThreads, setThreads } from '../../lib/info.js';
import { assertBadInput, checkOp, fromRef, returnsMemory } from '../native-op.js';
import { map, type Ref, ref, zeros } from '../reference/array.js';
import { broadcastIndex } from '../reference/broadcast.js';
import { generator, normal, uniform } from '../reference/random.js';
import { keptShape } from '../reference/sum.js';

/** Of the numbers that become one. */
type OfRow = (row: readonly number[]) => number;

const mean: OfRow = (row) => row.reduce((sum, value) => sum + value, 0) / row.length;
const variance: OfRow = (row) => {
  const centre = mean(row);
  return row.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (row.length - 1);
};
const pNorm = (row: readonly number[], p: number) =>
  row.reduce((sum, value) => sum + Math.abs(value) ** p, 0) ** (1 / p);

const CASES: Record<string, { run: (x: Tensor, options: { dim?: number[] }) => Tensor; row: OfRow }> = {
  amax: { run: F.amax, row: (row) => row.reduce((a, b) => Math.max(a, b)) },
  amin: { run: F.amin, row: (row) => row.reduce((a, b) => Math.min(a, b)) },
  prod: { run: F.prod, row: (row) => row.reduce((product, value) => product * value, 1) },
  var: { run: F.var, row: variance },
  std: { run: F.std, row: (row) => Math.sqrt(variance(row)) },
  logsumexp: { run: F.logsumexp, row: (row) => Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) },
  norm: { run: F.norm, row: (row) => pNorm(row, 2) },
  'norm 3': { run: (x, options) => F.norm(x, { ...options, p: 3 }), row: (row) => pNorm(row, 3) },
};

function reduced(row: OfRow, x: Ref, dims: readonly number[]): Ref {
  const kept = keptShape(x.shape, dims);
  const at = broadcastIndex(kept, x.shape);
  const y = zeros(kept);
  const rows = [...y.data].map(() => [] as number[]);
  x.data.forEach((value, i) => {
    rows[at[i]].push(value);
  });
  return ref(
    x.shape.filter((_, axis) => !dims.includes(axis)),
    rows.map(row),
  );
}

/** By central differences: the functions are smooth where the numbers are apart. */
function gradientOf(row: OfRow, x: Ref, dims: readonly number[], dy: Ref): Ref {
  const step = 1e-6;
  return map(x, (_, i) => {
    const at = (by: number) =>
      reduced(
        row,
        map(x, (value, k) => (k === i ? value + by : value)),
        dims,
      );
    const [above, below] = [at(step), at(-step)];
    return dy.data.reduce((sum, d, k) => sum + (d * (above.data[k] - below.data[k])) / (2 * step), 0);
  });
}

describe('reductions', () => {
  returnsMemory();

  for (const [name, { run, row }] of Object.entries(CASES)) {
    for (const [shape, dims] of [
      [[7], [0]],
      [[3, 17], [1]],
      [[17, 3], [0]],
      [
        [2, 3, 5],
        [0, 2],
      ],
    ]) {
      it(`${name} of (${shape}) over [${dims}] has the reference's value and gradient`, () => {
        const x = uniform(shape, generator(1), 0.5, 2);
        const y = reduced(row, x, dims);
        const dy = normal(y.shape, generator(2));
        checkOp({
          inputs: { x },
          run: (t) => run(t.x, { dim: dims }),
          y,
          dy,
          gradients: { dx: gradientOf(row, x, dims, dy) },
        });
      });
    }

    it(`${name} of long rows is the reference's, and the same bits on any number of threads`, () => {
      const x = uniform([2, 50_001], generator(3), 0.9999, 1.0001);
      const y = reduced(row, x, [1]);
      const threads = getThreads();
      try {
        const results = [1, 2, 3].map((count) => {
          setThreads(count);
          return scope(() => run(fromRef(x), { dim: [1] }).dataSync());
        });
        for (const result of results) {
          assert.deepEqual(result, results[0]);
          // float32 holds these numbers to 6e-8: what is left of a variance of 3e-9, or a product of 50,000, is less.
          for (const [i, value] of y.data.entries()) assert.ok(Math.abs(result[i] - value) <= 0.01 * value, `${value}`);
        }
      } finally {
        setThreads(threads);
      }
    });
  }

  it('places are the first of equal ones, across chunks too', () => {
    scope(() => {
      const values = new Float32Array(40_000);
      values[17_000] = values[17_001] = values[39_000] = 5;
      assert.equal(F.argmax(tensor(values)).itemSync(), 17_000);
      values[20_000] = Number.NaN;
      assert.equal(F.argmax(tensor(values)).itemSync(), 20_000);
      const { values: best, indices } = tensor([[1, 4, 4]]).max({ dim: 1 });
      assert.deepEqual([best.tolistSync(), indices.tolistSync()], [[4], [1]]);
    });
  });

  it('of int32 are exact int32', () => {
    scope(() => {
      const x = tensor(Int32Array.of(2 ** 24 + 1, -3, 2 ** 24, 7), [2, 2]);
      assert.deepEqual(x.sum({ dim: 0 }).dataSync(), Int32Array.of(2 ** 25 + 1, 4));
      assert.equal(x.amax().itemSync(), 2 ** 24 + 1);
      assert.deepEqual(x.min({ dim: 1 }).indices.dataSync(), Int32Array.of(1, 1));
      assert.equal(
        tensor(Int32Array.of(3, -5, 7))
          .prod()
          .itemSync(),
        -105,
      );
      assert.equal(
        tensor(Int32Array.of(2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1, 0))
          .prod()
          .itemSync(),
        0,
      );
      assert.deepEqual(x.gt(0).all({ dim: 1 }).dataSync(), Int32Array.of(0, 1));
    });
  });

  for (const name of ['sum', 'prod'] as const) {
    it(`a ${name} that int32 does not hold is a fault that names the call`, () => {
      scope(() => {
        const y = tensor(Int32Array.of(2 ** 31 - 1, 2))[name]();
        try {
          assert.throws(() => y.dataSync(), /Expected a result of 32 bits .* received a larger one at index 0/);
        } finally {
          reset();
        }
      });
    });
  }

  it('over nothing are what PyTorch has, or refused', () => {
    scope(() => {
      const none = fromRef(zeros([2, 0]));
      assert.deepEqual(none.prod({ dim: 1 }).tolistSync(), [1, 1]);
      assert.deepEqual(none.logsumexp({ dim: 1 }).tolistSync(), [-Infinity, -Infinity]);
      assert.deepEqual(none.var({ dim: 1 }).tolistSync(), [Number.NaN, Number.NaN]);
      assert.deepEqual(none.norm({ dim: 1 }).tolistSync(), [0, 0]);
      assert.deepEqual([none.any().itemSync(), none.all().itemSync()], [0, 1]);
      assert.deepEqual(none.amax({ dim: 0 }).tolistSync(), []);
    });
    assertBadInput(() => F.amax(fromRef(zeros([0]))), /at least one element for amax/);
    assertBadInput(() => F.max(tensor([1]), { dim: [0] as unknown as number }), /axis .* for max dim/);
  });
});
