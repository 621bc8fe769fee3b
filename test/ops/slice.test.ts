import assert from 'node:assert/strict';
import { F, scope, type Tensor, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { generator, normal } from '../reference/random.js';
import { slice, sliceBackward } from '../reference/slice.js';

describe('slice', () => {
  returnsMemory();

  const CASES: { shape: number[]; dim: number; from: number; to: number; given: [number, number?] }[] = [
    { shape: [1], dim: 0, from: 0, to: 1, given: [0] },
    { shape: [197], dim: 0, from: 7, to: 17, given: [7, 17] },
    { shape: [197], dim: -1, from: 180, to: 197, given: [-17] },
    { shape: [2, 17, 7], dim: 1, from: 0, to: 1, given: [0, 1] },
    { shape: [2, 17, 7], dim: 1, from: 1, to: 17, given: [1] },
    { shape: [2, 17, 7], dim: -2, from: 3, to: 15, given: [3, -2] },
    { shape: [7, 17], dim: 1, from: 5, to: 5, given: [5, 5] },
    { shape: [7, 17], dim: 1, from: 17, to: 17, given: [17] },
    { shape: [0, 7], dim: 1, from: 2, to: 4, given: [2, 4] },
    { shape: [3, 0], dim: 1, from: 0, to: 0, given: [0] },
  ];
  for (const { shape, dim, from, to, given } of CASES) {
    it(`takes ${from} to ${to} of axis ${dim} of (${shape}), asked for ${given}`, () => {
      const x = normal(shape, generator(1));
      const y = slice(x, dim, from, to);
      const dy = normal(y.shape, generator(2));
      checkOp({
        inputs: { x },
        run: (t) => F.slice(t.x, dim, ...given),
        y,
        dy,
        gradients: { dx: sliceBackward(dy, shape, dim, from) },
      });
    });
  }

  it('adds the gradients of slices that overlap', () => {
    const x = normal([7, 17], generator(3));
    const dy = normal([7, 10], generator(4));
    checkOp({
      inputs: { x },
      run: (t) => F.add(F.slice(t.x, 1, 0, 10), F.slice(t.x, 1, 5, 15)),
      y: add(slice(x, 1, 0, 10), slice(x, 1, 5, 15)),
      dy,
      gradients: { dx: add(sliceBackward(dy, x.shape, 1, 0), sliceBackward(dy, x.shape, 1, 5)) },
    });
  });

  it('takes int32 tensors', () => {
    scope(() => {
      const y = F.slice(tensor(new Int32Array([1, -2, 3])), 0, 1);
      assert.equal(y.dtype, 'int32');
      assert.deepEqual([...y.dataSync()], [-2, 3]);
    });
  });

  it('refuses axes and ranges that are not there', () => {
    const run = (dim: number, start: number, end?: number) => F.slice(zeroTensor([2, 7]), dim, start, end);
    assertBadInput(() => run(2, 0), /axis from -2 to 1 for slice dim .* 2\./);
    assertBadInput(() => run(1, 8), /from 0 to 7 for slice start .* 8\./);
    assertBadInput(() => run(1, -8), /slice start .*-1\./);
    assertBadInput(() => run(1, 0, 8), /slice end .* 8\./);
    assertBadInput(() => run(1, 5, 4), /from 5 to 7 for slice end .* 4\./);
    assertBadInput(() => run(1, 0.5), /slice start .*0\.5/);
    assertBadInput(() => run(1, Number.NaN), /slice start .*NaN/);
    assertBadInput(() => run(1, 0, Number.NaN), /slice end .*NaN/);
    assertBadInput(() => F.slice(zeroTensor([]), 0, 0), /tensor with axes for slice dim/);
    assertBadInput(() => F.slice(undefined as unknown as Tensor, 0, 0), /a Tensor for slice input .*undefined/);
  });
});
