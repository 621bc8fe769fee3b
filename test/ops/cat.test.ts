import assert from 'node:assert/strict';
import { F, scope, type Tensor, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { cat, catBackward } from '../reference/cat.js';
import { generator, normal } from '../reference/random.js';

describe('cat', () => {
  returnsMemory();

  const CASES: [number[][], number][] = [
    [[[1], [7], [17]], 0],
    [[[197], [1], [0]], -1],
    [
      [
        [2, 1, 7],
        [2, 16, 7],
        [2, 3, 7],
      ],
      1,
    ],
    [
      [
        [17, 1],
        [17, 197],
        [17, 7],
      ],
      -1,
    ],
    [
      [
        [0, 3],
        [0, 3],
        [2, 3],
      ],
      0,
    ],
    [
      [
        [0, 3],
        [0, 1],
        [0, 2],
      ],
      1,
    ],
  ];
  for (const [shapes, dim] of CASES) {
    it(`puts ${shapes.map((shape) => `(${shape})`)} one after the other along ${dim}`, () => {
      const random = generator(1);
      const [a, b, c] = shapes.map((shape) => normal(shape, random));
      const y = cat([a, b, c], dim);
      const dy = normal(y.shape, random);
      const [da, db, dc] = catBackward(dy, shapes, dim);
      checkOp({
        inputs: { a, b, c },
        run: (t) => F.cat([t.a, t.b, t.c], dim),
        y,
        dy,
        gradients: { da, db, dc },
      });
    });
  }

  it('takes a tensor twice, and one alone', () => {
    const x = normal([3, 7], generator(2));
    const dy = normal([6, 7], generator(3));
    const [da, db] = catBackward(dy, [x.shape, x.shape], 0);
    checkOp({ inputs: { x }, run: (t) => F.cat([t.x, t.x]), y: cat([x, x], 0), dy, gradients: { dx: add(da, db) } });
    checkOp({ inputs: { x }, run: (t) => F.cat([t.x], 1), y: x, dy: x, gradients: { dx: x } });
  });

  it('takes int32 tensors', () => {
    scope(() => {
      const y = F.cat([tensor(new Int32Array([1, 2])), tensor(new Int32Array([-3]))]);
      assert.equal(y.dtype, 'int32');
      assert.deepEqual([...y.dataSync()], [1, 2, -3]);
    });
  });

  it('refuses nothing, scalars, and shapes or dtypes that differ', () => {
    const z = zeroTensor;
    assertBadInput(() => F.cat([]), /array of at least one tensor for cat .*\[\]/);
    assertBadInput(() => F.cat([z([])]), /at least 1 axes for cat .*\(\)/);
    assertBadInput(() => F.cat([z([2, 3]), z([2, 4])]), /\(\*,3\) for cat .*\(2,4\)/);
    assertBadInput(() => F.cat([z([2, 3]), z([2, 3, 1])]), /\(\*,3\) for cat .*\(2,3,1\)/);
    assertBadInput(() => F.cat([z([2]), z([2], { dtype: 'int32' })]), /float32 tensor for cat .*int32/);
    assertBadInput(() => F.cat([z([2])], 1), /axis from -1 to 0 for cat dim .* 1\./);
    assertBadInput(() => F.cat([z([2])], 0.5), /axis from -1 to 0 for cat dim .* 0\.5\./);
    assertBadInput(() => F.cat(z([2]) as unknown as Tensor[]), /array of .* for cat .*\(2\)/);
    assertBadInput(() => F.cat([[1, 2]] as unknown as Tensor[]), /a Tensor for cat .*\[1, 2\]/);
  });
});
