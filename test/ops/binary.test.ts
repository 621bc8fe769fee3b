import assert from 'node:assert/strict';
import { F, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, intsFromRef, returnsMemory, valuesOf } from '../native-op.js';
import { type Ref, ref } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';
import { BINARY, type Binary, binary, binaryBackward, COMPARISONS } from '../reference/binary.js';
import { broadcastShape } from '../reference/broadcast.js';
import { bernoulli, generator, integers, normal, uniform } from '../reference/random.js';

const SHAPES: [number[], number[]][] = [
  [[], []],
  [[197], []],
  [[], [17]],
  [[3, 211, 97], [97]],
  [
    [197, 17],
    [197, 1],
  ],
  [
    [7, 1, 17],
    [1, 5, 1],
  ],
  [[5], [2, 3, 4, 5]],
  [
    [0, 7],
    [1, 7],
  ],
];

describe('functions of two tensors', () => {
  returnsMemory();

  for (const [name, op] of Object.entries<Required<Binary>>(BINARY)) {
    const run = F[name as keyof typeof BINARY];

    for (const [shapeA, shapeB] of SHAPES) {
      it(`${name} broadcasts (${shapeA}) with (${shapeB})`, () => {
        const random = generator(1);
        const [a, b] = [uniform(shapeA, random, 0.5, 3), uniform(shapeB, random, 0.5, 3)];
        const dy = normal(broadcastShape(shapeA, shapeB), random);
        const y = binary(op, a, b);
        const bound = y.data.length > 10_000 ? 1e-4 : 1e-5; // sums of more than 1,000 terms
        checkOp({ inputs: { a, b }, run: (t) => run(t.a, t.b), y, dy, gradients: binaryBackward(op, dy, a, b), bound });
      });
    }

    it(`${name} takes a number, and is within 1e-6 of each value`, () => {
      const a = uniform([4001], generator(2), 0.01, 30);
      scope(() => {
        assertClose(valuesOf(run(fromRef(a), 1.75)), binary(op, a, ref([], [1.75])), { relative: 1e-6, absolute: 0 });
      });
    });

    it(`${name} takes one tensor twice`, () => {
      const x = uniform([197], generator(3), 0.5, 3);
      const dy = normal([197], generator(4));
      const { da, db } = binaryBackward(op, dy, x, x);
      const dx = ref(
        [197],
        da.data.map((value, i) => value + db.data[i]),
      );
      checkOp({ inputs: { x }, run: (t) => run(t.x, t.x), y: binary(op, x, x), dy, gradients: { dx }, cancels: ['x'] });
    });
  }

  for (const [name, holds] of Object.entries(COMPARISONS)) {
    it(`${name} gives int32 zeros and ones, of tensors and of a number`, () => {
      const random = generator(5);
      const run = F[name as keyof typeof COMPARISONS];
      const op: Binary = { forward: (a, b) => Number(holds(a, b)) };
      for (const [shapeA, shapeB] of SHAPES) {
        const [a, b] = [integers(shapeA, random, 3), integers(shapeB, random, 3)];
        scope(() => {
          const y = run(fromRef(a), fromRef(b));
          assert.equal(y.dtype, 'int32');
          assert.deepEqual([...y.dataSync()], [...binary(op, a, b).data]);
          assert.deepEqual([...run(fromRef(a), 1).dataSync()], [...binary(op, a, ref([], [1])).data]);
        });
      }
    });
  }

  for (const [shapeC, shapeA, shapeB] of [
    [[17], [17], [17]],
    [[5, 1], [7], [1, 1]],
    [[], [197], []],
    [[2, 3, 1], [4], [3, 4]],
  ]) {
    it(`where chooses by (${shapeC}) between (${shapeA}) and (${shapeB})`, () => {
      const random = generator(6);
      const c = bernoulli(shapeC, random, 0.5);
      const [a, b] = [normal(shapeA, random), normal(shapeB, random)];
      const dy = normal(broadcastShape(shapeC, broadcastShape(shapeA, shapeB)), random);
      // c a + (1 - c) b, whose gradients are those of products.
      const times = {
        forward: (x: number, y: number) => x * y,
        slopes: (x: number, y: number) => [y, x] as [number, number],
      };
      const not = ref(
        c.shape,
        c.data.map((value) => 1 - value),
      );
      const part = (mask: Ref, x: Ref): Ref =>
        binary(
          times,
          binary(times, mask, x),
          ref(
            dy.shape,
            dy.data.map(() => 1),
          ),
        );
      const y = binary({ forward: (x, z) => x + z }, part(c, a), part(not, b));
      const masked = (mask: Ref): Ref => binary(times, dy, mask);
      checkOp({
        inputs: { a, b },
        run: (t) => {
          const condition = intsFromRef(c);
          const chosen = F.where(condition, t.a, t.b);
          condition.dispose();
          return chosen;
        },
        y,
        dy,
        gradients: {
          da: binaryBackward(times, masked(c), a, ref([], [1])).da,
          db: binaryBackward(times, masked(not), b, ref([], [1])).da,
        },
      });
    });
  }

  it('where takes numbers, infinities too; methods are there', () => {
    scope(() => {
      const x = tensor([1, -2, 3]);
      assert.deepEqual([...F.where(x.gt(0), x, -Infinity).dataSync()], [1, -Infinity, 3]);
      assert.deepEqual([...F.where(x.lt(0), 1, 0).dataSync()], [0, 1, 0]);
      assert.deepEqual([...x.sub(1).div(2).maximum(0).dataSync()], [0, 0, 1]);
    });
  });

  it('refuse shapes that do not broadcast, numbers that are none, and other dtypes', () => {
    assertBadInput(() => F.sub(zeroTensor([2, 3]), zeroTensor([2])), /broadcast for sub .*\(2,3\) and \(2\)/);
    assertBadInput(() => F.div(tensor([1]), Number.NaN), /finite number for div .*NaN/);
    assertBadInput(() => F.where(tensor([1]), 1, 2), /an int32 tensor|a int32 tensor/);
    assertBadInput(() => F.where(tensor(Int32Array.of(1, 2, 3)), zeroTensor([2]), 2), /broadcast for where/);
  });
});
