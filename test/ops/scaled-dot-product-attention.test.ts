import assert from 'node:assert/strict';
import { F, full, manualSeed, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { assertBadInput, assertNear, assertSameBits, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { generator, normal } from '../reference/random.js';

interface Case {
  op: string;
  mask: 'float' | 'boolean' | 'none';
  isCausal: boolean;
  scale: number | null;
}

describe('scaledDotProductAttention', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('attention-masks').cases.filter(
    ({ params }) => params.op === 'sdpa',
  )) {
    const { q, k, v, mask, y, gy, gq, gk, gv, gmask } = tensors;
    const { isCausal, scale } = params;
    it(`agrees with PyTorch: q (${q.shape}), v (${v.shape}), ${params.mask} mask (${mask?.shape}), causal ${isCausal}, scale ${scale}`, () => {
      scope(() => {
        const [tq, tk, tv] = [q, k, v].map((x) => fromRef(x, { requiresGrad: true }));
        const attnMask = params.mask === 'float' ? fromRef(mask, { requiresGrad: true }) : mask && intsFromRef(mask);
        const options = { isCausal, ...(attnMask && { attnMask }), ...(scale !== null && { scale }) };
        const result = F.scaledDotProductAttention(tq, tk, tv, options);
        assertNear(result, y, 'result');
        result.backward(fromRef(gy));
        for (const [x, g, name] of [
          [tq, gq, 'q'],
          [tk, gk, 'k'],
          [tv, gv, 'v'],
        ] as const) {
          assertNear(x.grad, g, `gradient of ${name}`);
        }
        if (gmask) assertNear(attnMask?.grad ?? null, gmask, 'gradient of the mask');
      });
    });
  }

  const q = normal([2, 3, 5, 4], generator(1));

  it('lets keys at a 1 of an int32 mask take part, where `attention` ignores them', () => {
    scope(() => {
      const x = fromRef(q);
      const mask = F.gt(fromRef(normal([5, 5], generator(2))), 0);
      const y = F.scaledDotProductAttention(x, x, x, { attnMask: mask });
      const hidden = F.eq(F.where(mask, 1, 0), 0);
      assertSameBits(y, F.attention(x, x, x, { attnMask: hidden }), 'result');
    });
  });

  it('drops weights, scales the rest up, and repeats itself with the seed', () => {
    scope(() => {
      const x = fromRef(q);
      const values = full(q.shape, 1); // so that results are the sums of the weights that are left
      const drop = () => F.scaledDotProductAttention(x, x, values, { dropoutP: 0.5 });
      manualSeed(3);
      const first = drop();
      manualSeed(3);
      assertSameBits(drop(), first, 'the same seed');
      assert.ok(new Set(first.dataSync()).size > 5, 'sums of weights vary');
      assert.deepEqual(new Set(F.scaledDotProductAttention(x, x, x, { dropoutP: 1 }).dataSync()), new Set([0]));
    });
  });

  it('refuses what does not go together', () => {
    const z = zeroTensor;
    const run = F.scaledDotProductAttention;
    assertBadInput(() => run(z([4]), z([4]), z([4])), /at least 2 axes/);
    assertBadInput(() => run(z([1, 1, 1, 1, 1]), z([1]), z([1])), /at most 4 axes/);
    assertBadInput(() => run(z([2, 3, 4]), z([1, 3, 4]), z([2, 3, 4])), /\(2,\*,4\) for .* key .*\(1,3,4\)/);
    assertBadInput(() => run(z([3, 4]), z([2, 4]), z([3, 4])), /\(2,\*\) for .* value .*\(3,4\)/);
    assertBadInput(
      () => run(z([1, 4]), z([1, 4]), z([1, 4]), { isCausal: true, attnMask: tensor([[1]]) }),
      /no attnMask beside isCausal/,
    );
  });
});
