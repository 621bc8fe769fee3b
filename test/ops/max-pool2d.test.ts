import assert from 'node:assert/strict';
import { F, randn, scope, tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { maxPool2d, maxPool2dBackward, type PoolWindow } from '../reference/max-pool2d.js';
import { generator, normal } from '../reference/random.js';

const CASES: { shape: number[]; window: PoolWindow }[] = [
  { shape: [1, 1, 4, 4], window: { kernel: [2, 2], stride: [2, 2], padding: [0, 0] } },
  { shape: [2, 3, 9, 7], window: { kernel: [3, 3], stride: [2, 2], padding: [1, 1] } },
  { shape: [2, 3, 8, 10], window: { kernel: [3, 2], stride: [1, 3], padding: [1, 0] } },
  { shape: [3, 1, 17, 20], window: { kernel: [17, 1], stride: [17, 1], padding: [0, 0] } },
  { shape: [1, 2, 64, 65], window: { kernel: [3, 3], stride: [2, 2], padding: [0, 0] } },
];

describe('maxPool2d', () => {
  returnsMemory();

  for (const { shape, window } of CASES) {
    it(`has the reference's value and gradient: (${shape}), ${JSON.stringify(window)}`, () => {
      const random = generator(9);
      const x = normal(shape, random);
      const y = maxPool2d(x, window);
      const dy = normal(y.shape, random);
      const { kernel: kernelSize, stride, padding } = window;
      const run = (t: { x: Parameters<typeof F.maxPool2d>[0] }) => F.maxPool2d(t.x, { kernelSize, stride, padding });
      checkOp({ inputs: { x }, run, y, dy, gradients: maxPool2dBackward(dy, x, window) });
    });
  }

  it('strides by the kernel unless told otherwise', () => {
    scope(() => assert.deepEqual([...F.maxPool2d(randn([1, 1, 9, 8]), { kernelSize: [3, 2] }).shape], [1, 1, 3, 4]));
  });

  it('passes the gradient to the first of equals, keeps NaN, and takes -infinity where there is nothing else', () => {
    scope(() => {
      const x = tensor([1, 1, 1, 1, Number.NaN, 5, -Infinity, -Infinity], [1, 1, 4, 2], { requiresGrad: true });
      const y = F.maxPool2d(x, { kernelSize: [1, 2] });
      assert.deepEqual([...y.dataSync()], [1, 1, Number.NaN, -Infinity]);
      y.backward(tensor([1, 2, 3, 4], [1, 1, 4, 1]));
      assert.deepEqual([...(x.grad?.dataSync() ?? [])], [1, 0, 2, 0, 3, 0, 4, 0]);
    });
  });

  it('refuses what is no window', () => {
    assertBadInput(() => F.maxPool2d(randn([4, 4]), { kernelSize: 2 }), /\(N,C,H,W\)/);
    assertBadInput(() => F.maxPool2d(randn([1, 1, 4, 4]), { kernelSize: 2, padding: 2 }), /at most half the kernel/);
    assertBadInput(() => F.maxPool2d(randn([1, 1, 4, 4]), { kernelSize: 5 }), /a kernel that fits/);
  });
});
