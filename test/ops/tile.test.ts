import assert from 'node:assert/strict';
import { F, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { map } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';
import { tile, tileBackward } from '../reference/tile.js';

describe('tile', () => {
  returnsMemory();

  const CASES: [number[], number[]][] = [
    [[], []],
    [[], [7]],
    [[1], [197]],
    [[7], [3]],
    [[7], [2, 3]],
    [
      [1, 1, 17],
      [7, 1, 1],
    ],
    [
      [2, 3],
      [3, 2],
    ],
    [
      [2, 3, 4],
      [1, 2, 1],
    ],
    [
      [2, 3],
      [0, 2],
    ],
    [
      [0, 3],
      [2, 2],
    ],
    [
      [2, 1, 3],
      [1, 1, 1],
    ],
    [
      [2, 3, 2, 3],
      [2, 2, 2, 2],
    ],
  ];
  for (const [shape, repeats] of CASES) {
    it(`repeats (${shape}) by ${repeats}`, () => {
      const x = normal(shape, generator(1));
      const y = tile(x, repeats);
      const dy = normal(y.shape, generator(2));
      checkOp({
        inputs: { x },
        run: (t) => F.tile(t.x, repeats),
        y,
        dy,
        gradients: { dx: tileBackward(dy, shape, repeats) },
      });
    });
  }

  it('adds the gradients of two uses', () => {
    const x = normal([1, 7], generator(3));
    const dy = normal([3, 7], generator(4));
    const once = tileBackward(dy, x.shape, [3, 1]);
    checkOp({
      inputs: { x },
      run: (t) => F.add(F.tile(t.x, [3, 1]), F.tile(t.x, [3, 1])),
      y: map(tile(x, [3, 1]), (value) => 2 * value),
      dy,
      gradients: { dx: map(once, (value) => 2 * value) },
    });
  });

  it('takes int32 tensors', () => {
    scope(() => {
      const y = F.tile(tensor(new Int32Array([1, -2])), [2]);
      assert.equal(y.dtype, 'int32');
      assert.deepEqual([...y.dataSync()], [1, -2, 1, -2]);
    });
  });

  it('refuses repeats that are no counts', () => {
    const run = (repeats: number[]) => F.tile(zeroTensor([2, 3]), repeats);
    assertBadInput(() => run(2 as unknown as number[]), /array of numbers for tile repeats .* 2\./);
    assertBadInput(() => run([2, -1]), /tile repeats .*-1\./);
    assertBadInput(() => run([2, 1.5]), /tile repeats .*1\.5\./);
    assertBadInput(() => run([2, Number.NaN]), /tile repeats .*NaN\./);
    assertBadInput(() => F.tile(zeroTensor([2, 2, 2, 2, 2]), [2, 2, 2, 2, 2]), /at most 8 axes/);
    assertBadInput(() => F.tile(zeroTensor([2]), [1, 1, 1, 1, 1, 1, 1, 1, 1]), /at most 8/);
  });
});
