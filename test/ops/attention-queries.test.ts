import assert from 'node:assert/strict';
import { F, nn, randn, scope, type Tensor } from '../../lib/index.js';
import { assertNear, returnsMemory, valuesOf } from '../native-op.js';

describe('attentionQkv of the first queries only', () => {
  returnsMemory();

  for (const batchFirst of [true, false]) {
    it(`is the first rows of the whole, forward and backward, batchFirst: ${batchFirst}`, () => {
      scope(() => {
        const qkv = randn(batchFirst ? [2, 7, 3 * 24] : [7, 2, 3 * 24], { requiresGrad: true });
        const some = F.attentionQkv(qkv, 3, { queries: 2, batchFirst });
        const dy = randn(some.shape);
        some.backward(dy);
        const gradient = valuesOf(qkv.grad as Tensor);
        qkv.grad?.dispose();
        qkv.grad = null;
        const whole = F.slice(F.attentionQkv(qkv, 3, { batchFirst }), batchFirst ? 1 : 0, 0, 2);
        whole.backward(dy);
        assertNear(some, valuesOf(whole), 'result');
        assertNear(qkv.grad, gradient, 'gradient');
      });
    });
  }

  it('refuses more queries than tokens', () => {
    const qkv = randn([1, 3, 12]);
    assert.throws(() => F.attentionQkv(qkv, 1, { queries: 4 }), /from 0 to 3 for attentionQkv queries/);
    qkv.dispose();
  });
});

describe('a block of which only the first tokens are wanted', () => {
  returnsMemory();

  for (const extra of [{}, { qkNorm: true }, { initValues: 0.1 }]) {
    it(`gives the first rows of the whole, and its gradients: ${JSON.stringify(extra)}`, () => {
      const options = { dim: 24, numHeads: 3, mlpRatio: 2, qkvBias: true, qkNorm: false, projBias: true };
      const rates = { projDropRate: 0, attnDropRate: 0, dropPathRate: 0 };
      using block = new nn.Block({ ...options, ...rates, initValues: undefined, normEps: 1e-6, act: 'gelu', ...extra });
      scope(() => {
        const x = randn([2, 5, 24], { requiresGrad: true });
        const dy = randn([2, 1, 24]);
        const gradients = (run: () => Tensor): Tensor[] => {
          for (const leaf of [x, ...block.parameters()]) leaf.grad = null;
          const y = run();
          y.backward(dy);
          return [y, ...[x, ...block.parameters()].map((leaf) => leaf.grad as Tensor)];
        };
        const some = gradients(() => block.forward(x, undefined, 1));
        const whole = gradients(() => F.slice(block.forward(x), 1, 0, 1));
        for (const [i, expected] of whole.entries())
          assertNear(some[i] ?? null, valuesOf(expected), `tensor ${i}`, 1e-5, 1);
        for (const item of [...some, ...whole]) item.dispose();
      });
    });
  }
});
