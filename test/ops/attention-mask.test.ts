import assert from 'node:assert/strict';
import { autocast, F, info, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { attentionWeights } from '../../lib/ops/attention-weights.js';
import {
  assertBadInput,
  assertNear,
  assertSameBits,
  checkOp,
  fromRef,
  intsFromRef,
  LONG_SUM,
  returnsMemory,
} from '../native-op.js';
import { map, type Ref, ref } from '../reference/array.js';
import { attention, attentionBackward, attentionProbabilities } from '../reference/attention.js';
import { bernoulli, generator, normal } from '../reference/random.js';

/** (B,H,T,M,D) */
type Sizes = [number, number, number, number, number];

function operands([B, H, T, M, D]: Sizes): { q: Ref; k: Ref; v: Ref; dy: Ref } {
  const random = generator(1);
  return {
    q: normal([B, H, T, D], random),
    k: normal([B, H, M, D], random),
    v: normal([B, H, M, D], random),
    dy: normal([B, H, T, D], random),
  };
}

/** All the shapes that broadcast to scores of these sizes in their own way. */
function shapesOf([B, H, T, M]: Sizes): number[][] {
  return [[B, H, T, M], [1, H, T, M], [B, 1, T, M], [T, M], [B, 1, 1, M], [H, 1, M], [B, H, T, 1], [T, 1], [1], []];
}

describe('attention with a mask', () => {
  returnsMemory();

  // The last two are past one block of queries and of keys, and past 32 heads that share a bias.
  const SIZES: Sizes[] = [
    [2, 3, 7, 5, 8],
    [1, 2, 67, 131, 33],
    [5, 9, 3, 4, 2],
  ];
  for (const sizes of SIZES) {
    for (const shape of shapesOf(sizes)) {
      // One number for all scores changes none of the weights.
      const cancels = (shape.at(-1) ?? 1) === 1;
      for (const causal of [false, true]) {
        it(`adds a bias of (${shape}) at B,H,T,M,D ${sizes}${causal ? ', causal' : ''}`, () => {
          const { q, k, v, dy } = operands(sizes);
          const bias = normal(shape, generator(3));
          const options = { bias, causal };
          const { dq, dk, dv, dbias } = attentionBackward(dy, q, k, v, options);
          checkOp({
            inputs: { q, k, v, bias },
            run: (t) => F.attention(t.q, t.k, t.v, { attnMask: t.bias, causal }),
            y: attention(q, k, v, options),
            dy,
            gradients: { dq, dk, dv, dbias },
            ...(cancels && { cancels: ['bias'] as const, bound: LONG_SUM }),
          });
        });
      }
    }
  }

  it('ignores the keys at a 1 of an int32 mask, and shows nothing to a query that has none left', () => {
    const sizes: Sizes = [2, 2, 7, 5, 4];
    const { q, k, v, dy } = operands(sizes);
    for (const shape of shapesOf(sizes)) {
      const hidden = bernoulli(shape, generator(4), 0.6);
      const bias = map(hidden, (value) => (value === 0 ? 0 : Number.NEGATIVE_INFINITY));
      const { dq, dk, dv } = attentionBackward(dy, q, k, v, { bias });
      checkOp({
        inputs: { q, k, v },
        run: (t) => F.attention(t.q, t.k, t.v, { attnMask: intsFromRef(hidden) }),
        y: attention(q, k, v, { bias }),
        dy,
        gradients: { dq, dk, dv },
      });
    }
  });

  it('gives a bias of -infinity no gradient', () => {
    const { q, k, v, dy } = operands([1, 2, 3, 4, 4]);
    const bias = ref([3, 4], [0, -Infinity, 1, 2, -Infinity, -Infinity, -Infinity, -Infinity, 3, 2, 1, 0]);
    const { dbias } = attentionBackward(dy, q, k, v, { bias });
    scope(() => {
      const mask = fromRef(bias, { requiresGrad: true });
      F.attention(fromRef(q), fromRef(k), fromRef(v), { attnMask: mask }).backward(fromRef(dy));
      assertNear(mask.grad, dbias, 'gradient of the bias');
    });
  });

  it('adds a bias, hides the future and hides padding at once, scaled', () => {
    const { q, k, v, dy } = operands([2, 2, 7, 5, 4]);
    const [bias, keyPadding] = [normal([7, 5], generator(5)), bernoulli([2, 5], generator(6), 0.4)];
    const options = { bias, keyPadding, causal: true, scale: 0.3 };
    const { dq, dk, dv, dbias } = attentionBackward(dy, q, k, v, options);
    checkOp({
      inputs: { q, k, v, bias },
      run: (t) => {
        const keyPaddingMask = intsFromRef(keyPadding);
        return F.attention(t.q, t.k, t.v, { attnMask: t.bias, keyPaddingMask, causal: true, scale: 0.3 });
      },
      y: attention(q, k, v, options),
      dy,
      gradients: { dq, dk, dv, dbias },
    });
  });

  it('is the same on a fused projection, for all queries and for the first', () => {
    const [B, H, T, D] = [2, 3, 6, 4];
    const qkv = normal([B, T, 3 * H * D], generator(7));
    for (const queries of [T, 2]) {
      const bias = normal([H, queries, T], generator(8));
      scope(() => {
        const x = fromRef(qkv);
        const mask = fromRef(bias, { requiresGrad: true });
        const y = F.attentionQkv(x, H, { attnMask: mask, queries });
        const heads = F.permute(x.reshape([B, T, 3, H, D]), [2, 0, 3, 1, 4]);
        const [q, k, v] = [0, 1, 2].map((i) => F.slice(heads, 0, i, i + 1).reshape([B, H, T, D]));
        const again = fromRef(bias, { requiresGrad: true });
        const separate = F.attention(F.slice(q, 2, 0, queries), k, v, { attnMask: again });
        assertSameBits(y, F.permute(separate, [0, 2, 1, 3]).reshape([B, queries, H * D]), 'result');
        y.sum().backward();
        separate.sum().backward();
        assertNear(
          mask.grad,
          { shape: bias.shape, data: (again.grad ?? assert.fail()).dataSync() },
          'gradient',
          1e-5,
          1,
        );
      });
    }
  });

  for (const empty of [
    [0, 2, 7, 7, 8],
    [1, 2, 0, 7, 8],
    [1, 2, 7, 0, 8],
    [2, 2, 3, 4, 0],
  ] satisfies Sizes[]) {
    it(`takes the empty B,H,T,M,D ${empty}`, () => {
      scope(() => {
        const [B, H, T, M, D] = empty;
        const mask = fromRef(normal([H, T, 1], generator(9)), { requiresGrad: true });
        const q = zeroTensor([B, H, T, D], { requiresGrad: true });
        F.attention(q, zeroTensor([B, H, M, D]), zeroTensor([B, H, M, D]), { attnMask: mask })
          .sum()
          .backward();
        assert.deepEqual([...(mask.grad ?? assert.fail()).dataSync()], new Array(H * T).fill(0));
      });
    });
  }

  it('rounds factors to bfloat16 with a mask as without', function () {
    if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products
    scope(() => {
      const { q, k, v, dy } = operands([2, 2, 67, 131, 32]);
      const bias = normal([2, 67, 131], generator(3));
      const { dq, dbias } = attentionBackward(dy, q, k, v, { bias });
      const [x, mask] = [fromRef(q, { requiresGrad: true }), fromRef(bias, { requiresGrad: true })];
      const y = autocast('bf16', () => F.attention(x, fromRef(k), fromRef(v), { attnMask: mask }));
      y.backward(fromRef(dy));
      assertNear(y, attention(q, k, v, { bias }), 'result', 0.02);
      assertNear(mask.grad, dbias, 'gradient of the bias', 0.02);
      assertNear(x.grad, dq, 'gradient of the queries', 0.02);
    });
  });

  it('has weights that are those of attentionWeights', () => {
    const { q, k } = operands([2, 2, 7, 5, 4]);
    const bias = map(normal([2, 1, 7, 5], generator(5)), (x, i) => (x > 0.3 || i < 5 ? Number.NEGATIVE_INFINITY : x));
    scope(() => {
      const mask = fromRef(bias, { requiresGrad: true });
      const weights = attentionWeights(fromRef(q), fromRef(k), { attnMask: mask, causal: true });
      assertNear(weights, attentionProbabilities(q, k, { bias, causal: true }), 'weights');
      weights.mul(weights).sum().backward();
      assert.ok(mask.grad?.dataSync().every(Number.isFinite), 'gradients that are no numbers');
    });
  });

  it('refuses masks of shapes and dtypes that do not go together', () => {
    const run = (shape: number[], dtype?: 'int32') => {
      const q = zeroTensor([2, 3, 7, 4]);
      return F.attention(q, q, q, { attnMask: zeroTensor(shape, { dtype: dtype ?? 'float32' }) });
    };
    assertBadInput(() => run([7, 6]), /broadcasts to \(B,H,T,M\) = \(2,3,7,7\) for attention attnMask .*\(7,6\)/);
    assertBadInput(() => run([2, 7, 7]), /broadcasts to .*\(2,7,7\)/);
    assertBadInput(() => run([1, 1, 1, 7, 7], 'int32'), /broadcasts to .*\(1,1,1,7,7\)/);
    assertBadInput(
      () => F.attention(zeroTensor([1, 1, 1, 1]), tensor([[[[1]]]]), tensor([[[[1]]]]), { attnMask: 1 as never }),
      /a Tensor for attention attnMask .*1/,
    );
  });
});
