import { F, zeros as zeroTensor } from '../../lib/index.js';
import { attentionWeights } from '../../lib/ops/attention-weights.js';
import { assertBadInput, checkOp, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { add, addBackward } from '../reference/add.js';
import { ref, zeros } from '../reference/array.js';
import { attention, attentionBackward, attentionProbabilities } from '../reference/attention.js';
import { matmul, matmulBackward } from '../reference/matmul.js';
import { generator, normal } from '../reference/random.js';
import { softmax, softmaxBackward } from '../reference/softmax.js';

describe('attentionWeights', () => {
  returnsMemory();

  const [B, H, T, M, D] = [2, 3, 7, 17, 5];
  const random = generator(1);
  const q = normal([B, H, T, D], random);
  const k = normal([B, H, M, D], random);
  const v = normal([B, H, M, D], random);
  const dy = normal([B, H, T, D], random);
  // Key 0 stays, so that every query sees one.
  const keyPadding = ref(
    [B, M],
    Array.from({ length: B * M }, (_, i) => (i % M === 0 ? 0 : i % 3 === 0 ? 1 : 0)),
  );

  for (const [name, masks] of Object.entries({
    'no mask': {},
    'a causal mask': { causal: true },
    'a padding mask': { keyPadding },
    'both masks and a scale': { causal: true, keyPadding, scale: 0.3 },
  } as Record<string, { causal?: boolean; keyPadding?: typeof keyPadding; scale?: number }>)) {
    const given = () => ({
      ...(masks.causal && { causal: true }),
      ...(masks.keyPadding && { keyPaddingMask: intsFromRef(masks.keyPadding) }),
      ...(masks.scale && { scale: masks.scale }),
    });

    it(`are the reference's with ${name}`, () => {
      const p = attentionProbabilities(q, k, masks);
      const dp = normal(p.shape, generator(2));
      const scale = masks.scale ?? 1 / Math.sqrt(D);
      const ds = softmaxBackward(dp, p);
      const scores = matmulBackward(ds, q, k, { transposeB: true });
      const scaled = (x: typeof q) => ({ shape: x.shape, data: x.data.map((value) => scale * value) });
      checkOp({
        inputs: { q, k },
        run: (t) => attentionWeights(t.q, t.k, given()),
        y: p,
        dy: dp,
        gradients: { dq: scaled(scores.da), dk: scaled(scores.db) },
      });
    });

    it(`times the values are attention with ${name}`, () => {
      checkOp({
        inputs: { q, k, v },
        run: (t) => F.matmul(attentionWeights(t.q, t.k, given()), t.v),
        y: attention(q, k, v, masks),
        dy,
        gradients: attentionBackward(dy, q, k, v, masks),
      });
    });
  }

  it('take a bias that broadcasts, with its gradient', () => {
    const bias = normal([H, T, M], generator(3));
    const products = matmul(q, k, { transposeB: true });
    const scores = { shape: products.shape, data: products.data.map((value) => value / Math.sqrt(D)) };
    const p = softmax(add(scores, bias));
    const dp = normal(p.shape, generator(4));
    const { db } = addBackward(softmaxBackward(dp, p), scores, bias);
    checkOp({
      inputs: { bias },
      run: (t) => attentionWeights(fromRef(q), fromRef(k), { bias: t.bias }),
      y: p,
      dy: dp,
      gradients: { dbias: db },
    });
  });

  it('refuse sizes that do not go together', () => {
    const run = (a: number[], b: number[], options: Parameters<typeof attentionWeights>[2] = {}) =>
      attentionWeights(zeroTensor(a), zeroTensor(b), options);
    assertBadInput(() => run([3, 7, 5], [3, 7, 5]), /\(B,H,T,D\) of 4 axes for attentionWeights q .*\(3,7,5\)/);
    assertBadInput(() => run([2, 3, 7, 5], [2, 3, 7, 4]), /\(2,3,\*,5\) for attentionWeights k .*\(2,3,7,4\)/);
    assertBadInput(() => run([2, 3, 7, 5], [2, 3, 9, 5], { bias: zeroTensor([7, 7]) }), /broadcast for add .*\(7,7\)/);
    assertBadInput(
      () => run([2, 3, 7, 5], [2, 3, 9, 5], { keyPaddingMask: zeroTensor([2, 7], { dtype: 'int32' }) }),
      /\(2,9\) for attentionWeights keyPaddingMask .*\(2,7\)/,
    );
    assertBadInput(() => run([2, 3, 7, 5], [2, 3, 9, 5], { scale: Number.NaN }), /attentionWeights scale .*NaN/);
  });

  it('take an empty batch', () => {
    checkOp({
      inputs: { q: zeros([0, 2, 7, 4]), k: zeros([0, 2, 5, 4]) },
      run: (t) => attentionWeights(t.q, t.k, { causal: true }),
      y: zeros([0, 2, 7, 5]),
      dy: zeros([0, 2, 7, 5]),
      gradients: { dq: zeros([0, 2, 7, 4]), dk: zeros([0, 2, 5, 4]) },
    });
  });
});
