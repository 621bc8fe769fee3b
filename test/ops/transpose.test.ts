import assert from 'node:assert/strict';
import { F, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { type Ref, reshape } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';
import { transpose, transposeBackward } from '../reference/transpose.js';

/** Any permutation as exchanges of two axes. */
function permute(x: Ref, order: readonly number[]): Ref {
  const at = order.map((_, axis) => axis);
  let y = x;
  for (const [to, axis] of order.entries()) {
    const from = at.indexOf(axis);
    y = transpose(y, to, from);
    [at[to], at[from]] = [at[from], at[to]];
  }
  return y;
}

describe('transpose', () => {
  returnsMemory();

  for (const [shape, dim0, dim1] of [
    [[1, 1], 0, 1],
    [[7, 17], 0, 1],
    [[17, 197], -1, -2],
    [[197, 1], 0, 1],
    [[3, 7, 17], 0, 2],
    [[3, 7, 17], 1, -1],
    [[2, 3, 4, 5], 1, 2],
    [[7, 5], 1, 1],
    [[0, 7], 0, 1],
    [[3, 0, 2], 0, 2],
    [[65, 131], 0, 1],
  ] satisfies [number[], number, number][]) {
    it(`exchanges axes ${dim0} and ${dim1} of (${shape})`, () => {
      const x = normal(shape, generator(1));
      const y = transpose(x, dim0, dim1);
      const dy = normal(y.shape, generator(2));
      checkOp({
        inputs: { x },
        run: (t) => F.transpose(t.x, dim0, dim1),
        y,
        dy,
        gradients: { dx: transposeBackward(dy, dim0, dim1) },
      });
    });
  }

  it('refuses axes that are not there', () => {
    assertBadInput(() => F.transpose(zeroTensor([2, 3]), 0, 2), /axis from -2 to 1 for transpose dim1 .* 2\./);
    assertBadInput(() => F.transpose(zeroTensor([2, 3]), -3, 0), /transpose dim0 .*-3\./);
    assertBadInput(() => F.transpose(zeroTensor([]), 0, 0), /tensor with axes for transpose dim0/);
  });
});

describe('permute', () => {
  returnsMemory();

  for (const [shape, order] of [
    [[], []],
    [[7], [0]],
    [
      [7, 17],
      [1, 0],
    ],
    [
      [2, 7, 3],
      [1, 2, 0],
    ],
    [
      [2, 7, 3],
      [-1, 0, 1],
    ],
    [
      [2, 5, 3, 4, 7],
      [2, 0, 3, 1, 4],
    ],
    [
      [2, 1, 3, 1, 2, 1, 2, 3],
      [7, 6, 5, 4, 3, 2, 1, 0],
    ],
    [
      [2, 0, 3],
      [2, 1, 0],
    ],
  ] satisfies [number[], number[]][]) {
    it(`puts the axes of (${shape}) in the order ${order}`, () => {
      const axes = order.map((axis) => (axis < 0 ? axis + shape.length : axis));
      const x = normal(shape, generator(1));
      const y = permute(x, axes);
      const dy = normal(y.shape, generator(2));
      const inverse = axes.map((_, axis) => axes.indexOf(axis));
      checkOp({
        inputs: { x },
        run: (t) => F.permute(t.x, order),
        y,
        dy,
        gradients: { dx: permute(dy, inverse) },
      });
    });
  }

  it('takes int32 tensors', () => {
    scope(() => {
      const y = F.permute(tensor(new Int32Array([1, 2, 3, -4]), [2, 2]), [1, 0]);
      assert.equal(y.dtype, 'int32');
      assert.deepEqual([...y.dataSync()], [1, 3, 2, -4]);
    });
  });

  it('refuses orders that are no permutation', () => {
    assertBadInput(() => F.permute(zeroTensor([2, 3]), [0]), /each of 2 axes once for permute order .*\[0\]/);
    assertBadInput(() => F.permute(zeroTensor([2, 3]), [0, 0]), /each of 2 axes once .*\[0, 0\]/);
    assertBadInput(() => F.permute(zeroTensor([2, 3]), [0, 2]), /axis from -2 to 1 for permute order .* 2\./);
    assertBadInput(() => F.permute(zeroTensor([2, 3]), 1 as unknown as number[]), /permute order .* 1\./);
  });
});

describe('reshape', () => {
  returnsMemory();

  for (const [shape, wanted, result] of [
    [[], [1, 1], [1, 1]],
    [[1], [], []],
    [[7, 17], [119], [119]],
    [
      [2, 3, 4],
      [-1, 4],
      [6, 4],
    ],
    [[197], [197, -1], [197, 1]],
    [
      [0, 7],
      [7, 0],
      [7, 0],
    ],
    [
      [0, 7],
      [-1, 7],
      [0, 7],
    ],
  ] satisfies [number[], number[], number[]][]) {
    it(`gives (${shape}) the shape (${wanted})`, () => {
      const x = normal(shape, generator(1));
      const dy = normal(result, generator(2));
      checkOp({
        inputs: { x },
        run: (t) => F.reshape(t.x, wanted),
        y: reshape(x, result),
        dy,
        gradients: { dx: reshape(dy, shape) },
      });
    });
  }

  it('adds the gradients of two shapes of one tensor', () => {
    const x = normal([2, 6], generator(3));
    const dy = normal([12], generator(4));
    checkOp({
      inputs: { x },
      run: (t) => F.add(F.reshape(t.x, [12]), F.reshape(F.reshape(t.x, [3, 4]), [-1])),
      y: reshape(add(x, x), [12]),
      dy,
      gradients: { dx: reshape(add(dy, dy), [2, 6]) },
    });
  });

  it('shares memory', () => {
    scope(() => {
      const x = tensor([1, 2, 3, 4]);
      const y = F.reshape(x, [2, 2]);
      x.set([5, 6, 7, 8]);
      assert.deepEqual([...y.dataSync()], [5, 6, 7, 8]);
    });
  });

  it('refuses shapes of other sizes', () => {
    const run = (shape: number[]) => F.reshape(zeroTensor([2, 6]), shape);
    assertBadInput(() => run([5]), /a shape of 12 elements for reshape .*\[5\]/);
    assertBadInput(() => run([-1, 5]), /a shape of 12 elements .*\[-1, 5\]/);
    assertBadInput(() => run([-1, -1]), /a shape of 12 elements .*\[-1, -1\]/);
    assertBadInput(() => run([-2, -6]), /a shape of 12 elements .*\[-2, -6\]/);
    assertBadInput(() => run([1.5, 8]), /a shape of 12 elements .*\[1\.5, 8\]/);
    assertBadInput(() => run([Number.NaN]), /a shape of 12 elements .*\[NaN\]/);
    assertBadInput(() => run([0, -1]), /a shape of 12 elements .*\[0, -1\]/);
    assertBadInput(() => run(12 as unknown as number[]), /reshape .* 12\./);
    assertBadInput(() => run([12, 1, 1, 1, 1, 1, 1, 1, 1]), /at most 8/);
  });
});
