import assert from 'node:assert/strict';
import { add, addBackward } from './add.js';
import { type Ref, ref, zeros } from './array.js';
import { broadcastShape } from './broadcast.js';
import { checkGradient } from './finite-difference.js';
import { mul, mulBackward } from './mul.js';
import { generator, normal } from './random.js';

describe('reference add and mul', () => {
  it('stretch a size of one, and add missing sizes in front', () => {
    const column = ref([2, 1], [10, 20]);
    const row = ref([3], [1, 2, 3]);
    assert.deepEqual(add(column, row), ref([2, 3], [11, 12, 13, 21, 22, 23]));
    assert.deepEqual(mul(row, column), ref([2, 3], [10, 20, 30, 20, 40, 60]));
    assert.deepEqual(add(row, ref([], [1])), ref([3], [2, 3, 4]));
  });

  it('take an empty operand, also against a size of one', () => {
    assert.deepEqual(add(zeros([0, 3]), ref([3], [1, 2, 3])), zeros([0, 3]));
    assert.deepEqual(mul(zeros([0]), ref([1], [2])), zeros([0]));
    assert.deepEqual(addBackward(zeros([0, 3]), zeros([0, 3]), zeros([3])).db, zeros([3]));
  });

  it('refuse sizes that differ', () => {
    assert.throws(() => broadcastShape([2, 3], [2]), /\(2, 3\) and \(2\) do not broadcast/);
    assert.throws(() => broadcastShape([0], [2]), /do not broadcast/);
  });

  for (const [shapeA, shapeB] of [
    [[], []],
    [[7], [7]],
    [[7], [1]],
    [
      [2, 1, 7],
      [3, 1],
    ],
    [[17], [2, 1]],
    [[1, 3], []],
  ]) {
    it(`have the gradients of central differences: (${shapeA}) and (${shapeB})`, () => {
      const random = generator(111);
      const [a, b] = [normal(shapeA, random), normal(shapeB, random)];
      const dy = normal(broadcastShape(shapeA, shapeB), random);
      type Operands = { a: Ref; b: Ref };
      checkGradient((inputs: Operands) => add(inputs.a, inputs.b), { a, b }, addBackward(dy, a, b), { dy });
      checkGradient((inputs: Operands) => mul(inputs.a, inputs.b), { a, b }, mulBackward(dy, a, b), { dy });
    });
  }
});
