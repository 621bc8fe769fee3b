import assert from 'node:assert/strict';
import { full, ref, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { checkGradient } from './finite-difference.js';
import { mean, meanBackward } from './mean.js';
import { generator, normal } from './random.js';
import { sum, sumBackward } from './sum.js';

describe('reference sum and mean', () => {
  const x = ref([2, 3], [1, 2, 3, 4, 5, 9]);

  it('reduce the dimensions named, from either end', () => {
    assert.deepEqual(sum(x, [0]), ref([3], [5, 7, 12]));
    assert.deepEqual(sum(x, [-1]), ref([2], [6, 18]));
    assert.deepEqual(sum(x, [0, 1]), ref([], [24]));
    assert.deepEqual(sum(x, []), x);
    assert.deepEqual(mean(x, [1]), ref([2], [2, 6]));
    assert.deepEqual(mean(x, [1, 0]), ref([], [4]));
  });

  it('keep the dimensions as ones when asked', () => {
    assert.deepEqual(sum(x, [0], true), ref([1, 3], [5, 7, 12]));
    assert.deepEqual(mean(x, [0, -1], true), ref([1, 1], [4]));
  });

  it('give zero, and NaN, over nothing', () => {
    assert.deepEqual(sum(zeros([0, 2]), [0]), zeros([2]));
    assertClose(mean(zeros([0, 2]), [0]), full([2], Number.NaN));
    assert.deepEqual(sum(zeros([0, 2]), [1]), zeros([0]));
  });

  const CASES: [number[], number[]][] = [
    [[1], [0]],
    [[7, 17], [0]],
    [[2, 7, 3], [1]],
    [
      [2, 7, 3],
      [0, -1],
    ],
    [
      [2, 1, 3],
      [1, 2],
    ],
  ];
  for (const [shape, dims] of CASES) {
    for (const keepDim of [false, true]) {
      it(`have the gradients of central differences: (${shape}) over [${dims}]${keepDim ? ', kept' : ''}`, () => {
        const random = generator(121);
        const input = normal(shape, random);
        const dy = normal(sum(input, dims, keepDim).shape, random);
        const dsum = sumBackward(dy, shape, dims);
        checkGradient((inputs) => sum(inputs.x, dims, keepDim), { x: input }, { dx: dsum }, { dy });
        const dmean = meanBackward(dy, shape, dims);
        checkGradient((inputs) => mean(inputs.x, dims, keepDim), { x: input }, { dx: dmean }, { dy });
      });
    }
  }
});
