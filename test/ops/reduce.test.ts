import assert from 'node:assert/strict';
import { F, scope, zeros as zeroTensor } from '../../lib/index.js';
import type { ReduceOptions } from '../../lib/ops/reduce.js';
import { assertBadInput, checkOp, LONG_SUM, returnsMemory } from '../native-op.js';
import { map } from '../reference/array.js';
import { mean, meanBackward } from '../reference/mean.js';
import { generator, normal, uniform } from '../reference/random.js';
import { sum, sumBackward } from '../reference/sum.js';

const OPS = [
  { name: 'sum', run: F.sum, forward: sum, backward: sumBackward },
  { name: 'mean', run: F.mean, forward: mean, backward: meanBackward },
];

describe('sum and mean', () => {
  returnsMemory();

  for (const { name, run, forward, backward } of OPS) {
    for (const [shape, dim] of [
      [[], undefined],
      [[1], undefined],
      [[197], 0],
      [[7, 17], undefined],
      [[7, 17], 0],
      [[7, 17], -1],
      [[197, 3], 0],
      [[3, 197], 1],
      [
        [2, 7, 3],
        [0, 2],
      ],
      [
        [2, 7, 3],
        [1, -1],
      ],
      [
        [2, 3, 4, 5],
        [0, 2],
      ],
      [
        [2, 3, 4, 5],
        [3, 1],
      ],
      [[2, 1, 3], 1],
    ] satisfies [number[], number | number[] | undefined][]) {
      for (const keepDim of [false, true]) {
        const options: ReduceOptions = { ...(dim !== undefined && { dim }), keepDim };
        it(`${name} of (${shape}) with ${JSON.stringify(options)} has the reference's value and gradient`, () => {
          const dims = dim === undefined ? shape.map((_, axis) => axis) : [dim].flat();
          const x = normal(shape, generator(1));
          const y = forward(x, dims, keepDim);
          const dy = normal(y.shape, generator(2));
          checkOp({
            inputs: { x },
            run: (t) => run(t.x, options),
            y,
            dy,
            gradients: { dx: backward(dy, shape, dims) },
          });
        });
      }
    }

    it(`${name} over 40,000 terms stays within the bound`, () => {
      const x = uniform([2, 40_000], generator(3));
      const y = forward(x, [1]);
      checkOp({
        inputs: { x },
        run: (t) => run(t.x, { dim: 1 }),
        y,
        dy: map(y, () => 1),
        gradients: {
          dx: backward(
            map(y, () => 1),
            x.shape,
            [1],
          ),
        },
        bound: LONG_SUM,
      });
    });

    it(`${name} of an empty batch over another axis is empty`, () => {
      const x = normal([0, 7], generator(4));
      const y = forward(x, [1]);
      checkOp({ inputs: { x }, run: (t) => run(t.x, { dim: 1 }), y, dy: y, gradients: { dx: x } });
    });

    it(`${name} adds the gradients of two uses`, () => {
      const x = normal([7, 5], generator(5));
      const y = forward(x, [0]);
      const dy = normal(y.shape, generator(6));
      checkOp({
        inputs: { x },
        run: (t) => F.add(run(t.x, { dim: 0 }), run(t.x, { dim: 0 })),
        y: map(y, (value) => 2 * value),
        dy,
        gradients: { dx: map(backward(dy, x.shape, [0]), (value) => 2 * value) },
      });
    });

    it(`${name} refuses axes that are not there`, () => {
      assertBadInput(() => run(zeroTensor([2, 3]), { dim: 2 }), /axis from -2 to 1 for \w+ dim .* 2\./);
      assertBadInput(() => run(zeroTensor([2, 3]), { dim: [0, -3] }), /\w+ dim .*-3\./);
      assertBadInput(() => run(zeroTensor([2, 3]), { dim: 0.5 }), /\w+ dim .*0\.5/);
      assertBadInput(() => run(zeroTensor([2, 3]), { dim: Number.NaN }), /\w+ dim .*NaN/);
      assertBadInput(() => run(zeroTensor([]), { dim: 0 }), /tensor with axes for \w+ dim/);
    });
  }

  it('over nothing are 0 and NaN', () => {
    scope(() => {
      assert.equal(F.sum(zeroTensor([0, 3])).itemSync(), 0);
      assert.ok(Number.isNaN(F.mean(zeroTensor([0, 3])).itemSync()));
      assert.deepEqual([...F.sum(zeroTensor([0, 3]), { dim: 0 }).dataSync()], [0, 0, 0]);
      assert.deepEqual([...F.mean(zeroTensor([0, 2]), { dim: 0 }).dataSync()], [Number.NaN, Number.NaN]);
    });
  });
});
