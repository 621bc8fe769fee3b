import assert from 'node:assert/strict';
import { F, ones, randn, scope, tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { interpolate, interpolateBackward, type Resizing } from '../reference/interpolate.js';
import { generator, normal } from '../reference/random.js';

const CASES: { shape: number[]; resizing: Resizing }[] = [
  { shape: [2, 3, 4, 5], resizing: { size: [9, 7], mode: 'bilinear', alignCorners: false } },
  { shape: [2, 3, 4, 5], resizing: { size: [9, 7], mode: 'bilinear', alignCorners: true } },
  { shape: [1, 70, 13, 11], resizing: { size: [5, 40], mode: 'bilinear', alignCorners: false } },
  { shape: [3, 2, 1, 4], resizing: { size: [3, 1], mode: 'bilinear', alignCorners: true } },
  { shape: [1, 5, 40, 30], resizing: { size: [160, 120], mode: 'bilinear', alignCorners: false } },
  { shape: [2, 3, 6, 5], resizing: { size: [9, 15], mode: 'nearest', alignCorners: false } },
];

describe('interpolate', () => {
  returnsMemory();

  for (const { shape, resizing } of CASES) {
    it(`has the reference's value and gradient: (${shape}), ${JSON.stringify(resizing)}`, () => {
      const random = generator(9);
      const x = normal(shape, random);
      const y = interpolate(x, resizing);
      const dy = normal(y.shape, random);
      const { alignCorners, ...rest } = resizing;
      const options = rest.mode === 'nearest' ? rest : { ...rest, alignCorners };
      const run = (t: { x: Parameters<typeof F.interpolate>[0] }) => F.interpolate(t.x, options);
      checkOp({ inputs: { x }, run, y, dy, gradients: interpolateBackward(dy, x, resizing) });
    });
  }

  it('goes by a factor that was given, not by the sizes that come of it', () => {
    scope(() => {
      const x = tensor([0, 1, 2, 3], [1, 1, 1, 4]);
      const y = F.interpolate(x, { scaleFactor: [1, 1.3], mode: 'bilinear' }); // 5.2 columns
      const expected = [0, 1, 2, 3, 4].map((i) => Math.max(0, (i + 0.5) / 1.3 - 0.5));
      for (const [i, value] of y.dataSync().entries()) assert.ok(Math.abs(value - Math.min(3, expected[i])) < 1e-6);
    });
  });

  it('reads nothing that has no share in the result', () => {
    scope(() => {
      const x = tensor([1, Number.POSITIVE_INFINITY, 2, Number.NaN], [1, 1, 2, 2], { requiresGrad: true });
      assert.deepEqual([...F.interpolate(x, { size: [3, 1] }).dataSync()], [1, 1, 2]);
      const y = F.interpolate(x, { size: [2, 1], mode: 'bilinear', alignCorners: true });
      assert.deepEqual([...y.dataSync()], [1, 2]);
      y.backward(ones([1, 1, 2, 1]));
      assert.deepEqual([...(x.grad?.dataSync() ?? [])], [1, 0, 1, 0]);
    });
  });

  it('refuses sizes that are none and options that do not go together', () => {
    const x = randn([1, 1, 4, 4]);
    assertBadInput(() => F.interpolate(x, {}), /size or scaleFactor .* neither/);
    assertBadInput(() => F.interpolate(x, { size: 2, scaleFactor: 2 }), /size or scaleFactor .* both/);
    assertBadInput(() => F.interpolate(x, { size: 2, alignCorners: true }), /mode: 'bilinear' with alignCorners/);
    assertBadInput(() => F.interpolate(x, { scaleFactor: 0.2 }), /leaves a pixel/);
    assertBadInput(() => F.interpolate(x, { size: 2, mode: 'bicubic' as 'nearest' }), /bilinear.*bicubic/);
    assertBadInput(() => F.interpolate(randn([1, 1, 0, 4]), { size: 2 }), /an image with pixels/);
    x.dispose();
  });
});
