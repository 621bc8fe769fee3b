import assert from 'node:assert/strict';
import { autocast, F, manualSeed, memory, randn, scope, type Tensor } from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { sparingMemory } from '../../lib/sparing-memory.js';
import { returnsMemory } from '../native-op.js';

// More than 2^20 elements of a result, of a width that is three times the keys; half of the batch has fewer, and is kept.
const [BATCH, TOKENS, DIM, HEADS] = [6, 256, 768, 12];

/** The bits of attention's gradients and of those behind it, how often it ran, and bytes that forward leaves. */
function run(qkvs: readonly Tensor[], weight: Tensor, masks: readonly F.AttentionQkvOptions[]) {
  const { attentionForward } = native;
  let calls = 0;
  native.attentionForward = (fields) => {
    calls++;
    attentionForward(fields);
  };
  try {
    return scope(() => {
      const before = memory().live;
      const mixed = qkvs.map((qkv, i) => scope(() => F.linear(F.attentionQkv(qkv, HEADS, masks[i]), weight)));
      const held = memory().live - before;
      for (const y of mixed) y.sum().backward();
      const gradients = qkvs.flatMap(({ grad }) => [...(grad as Tensor).dataSync()]);
      const ofWeight = [...(weight.grad as Tensor).dataSync()];
      for (const leaf of [...qkvs, weight]) {
        leaf.grad?.dispose();
        leaf.grad = null;
      }
      return { gradients, ofWeight, calls, held };
    });
  } finally {
    native.attentionForward = attentionForward;
  }
}

describe("attention's result", () => {
  returnsMemory();

  for (const precision of ['fp32', 'bf16'] as const) {
    for (const masked of [false, true]) {
      it(`is made again once in backward where memory is spared, to the same bits: ${precision}${masked ? ', with a bias and padding' : ''}`, () =>
        scope(() =>
          autocast(precision, () => {
            manualSeed(1);
            const halves = [0, 1].map(() => randn([BATCH / 2, TOKENS, 3 * DIM], { requiresGrad: true }));
            const whole = F.cat(halves, 0).detach();
            whole.requiresGrad = true;
            const weight = randn([8, DIM], { requiresGrad: true });
            const keyPaddingMask = randn([BATCH / 2, TOKENS]).gt(1);
            const attnMask = randn([TOKENS, TOKENS]);
            const half = masked ? { keyPaddingMask, attnMask } : {};
            const full = masked ? { keyPaddingMask: F.cat([keyPaddingMask, keyPaddingMask], 0), attnMask } : {};
            const kept = run(halves, weight, [half, half]);
            const again = sparingMemory(() => run([whole], weight, [full]));
            assert.deepEqual([kept.calls, again.calls], [2, 2]);
            assert.deepEqual(again.gradients, kept.gradients);
            const otherwise = run([whole], weight, [full]);
            assert.deepEqual([otherwise.calls, otherwise.gradients], [1, kept.gradients]);
            const bytes = (precision === 'bf16' ? 2 : 4) * BATCH * TOKENS * DIM;
            assert.ok(kept.held - again.held > 0.99 * bytes, `${kept.held} and ${again.held} of ${bytes}`);
            const y = F.attentionQkv(whole.detach(), HEADS, full);
            F.linear(y, weight).sum().backward();
            assert.deepEqual(again.ofWeight, [...(weight.grad as Tensor).dataSync()]);
          }),
        ));
    }
  }
});
