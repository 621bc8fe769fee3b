import assert from 'node:assert/strict';
import { F, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { map, type Ref, ref } from '../reference/array.js';
import { attention, attentionBackward } from '../reference/attention.js';
import { qkvAttention, qkvAttentionBackward } from '../reference/qkv-attention.js';
import { bernoulli, generator, normal } from '../reference/random.js';
import { transpose } from '../reference/transpose.js';

/** (B,H,T,M,D) */
type Sizes = [number, number, number, number, number];

interface Masks {
  causal?: boolean;
  keyPadding?: Ref;
  scale?: number;
}

/** The masks in the op's words; made inside the scope that uses them. */
function given({ causal, keyPadding, scale }: Masks) {
  return {
    ...(causal && { causal }),
    ...(keyPadding && { keyPaddingMask: intsFromRef(keyPadding) }),
    ...(scale !== undefined && { scale }),
  };
}

function operands([B, H, T, M, D]: Sizes): { q: Ref; k: Ref; v: Ref; dy: Ref } {
  const random = generator(1);
  return {
    q: normal([B, H, T, D], random),
    k: normal([B, H, M, D], random),
    v: normal([B, H, M, D], random),
    dy: normal([B, H, T, D], random),
  };
}

function check(sizes: Sizes, masks: Masks = {}): void {
  const { q, k, v, dy } = operands(sizes);
  const { dq, dk, dv } = attentionBackward(dy, q, k, v, masks);
  checkOp({
    inputs: { q, k, v },
    run: (t) => F.attention(t.q, t.k, t.v, given(masks)),
    y: attention(q, k, v, masks),
    dy,
    gradients: { dq, dk, dv },
    // The weight of a lone key, or of the one that a lone query sees, is 1 whatever its score.
    ...((sizes[3] === 1 || (sizes[2] === 1 && masks.causal === true)) && { cancels: ['q', 'k'] as const }),
  });
}

describe('attention', () => {
  returnsMemory();

  const SIZES: Sizes[] = [
    [1, 1, 1, 1, 1],
    [1, 1, 7, 7, 1],
    [2, 3, 7, 7, 8],
    [1, 2, 17, 17, 7],
    [1, 1, 197, 197, 17],
    [2, 1, 1, 17, 5],
    [1, 2, 17, 1, 5],
    [2, 2, 5, 17, 16],
    [1, 1, 17, 5, 64],
    // Past one block of queries and of keys.
    [1, 1, 67, 131, 33],
    [1, 1, 197, 300, 3],
    // Few heads, whose queries are shared out.
    [2, 2, 131, 131, 5],
  ];
  for (const sizes of SIZES) {
    const [B, , , M] = sizes;
    const keyPadding = bernoulli([B, M], generator(2), 0.4);
    it(`has the reference's value and gradients at B,H,T,M,D ${sizes}`, () => check(sizes));
    it(`masks the future at B,H,T,M,D ${sizes}`, () => check(sizes, { causal: true }));
    it(`masks padding, scaled, at B,H,T,M,D ${sizes}`, () => check(sizes, { keyPadding, scale: 0.3 }));
    it(`masks the future and padding at B,H,T,M,D ${sizes}`, () => check(sizes, { causal: true, keyPadding }));
  }

  for (const sizes of [
    [0, 2, 7, 7, 8],
    [2, 0, 7, 7, 8],
    [1, 2, 0, 7, 8],
    [1, 2, 7, 0, 8],
  ] satisfies Sizes[]) {
    it(`takes the empty B,H,T,M,D ${sizes}`, () => check(sizes));
  }

  it('takes a padding of any number but 0 as padding', () => {
    const { q, k, v } = operands([1, 1, 3, 3, 4]);
    scope(() => {
      const run = (mask: number[]) =>
        F.attention(fromRef(q), fromRef(k), fromRef(v), { keyPaddingMask: tensor([mask], [1, 3], { dtype: 'int32' }) });
      assert.deepEqual(run([0, 1, 0]).dataSync(), run([0, -7, 0]).dataSync());
    });
  });

  it('gives zeros, and no gradient, to a query that sees no key', () => {
    const sizes: Sizes = [2, 2, 7, 7, 8];
    const keyPadding = ref([2, 7], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    check(sizes, { keyPadding });
    // Causal: the first queries of the first sample see padding alone.
    check(sizes, { causal: true, keyPadding: map(keyPadding, (value, i) => (i < 3 ? 1 : value * 0)) });
  });

  it('holds where scores are so large that exp of them is not', () => {
    const { q, k, v, dy } = operands([1, 2, 17, 17, 8]);
    const loud = map(q, (value) => Math.fround(100 * value));
    const { dv } = attentionBackward(dy, loud, k, v);
    checkOp({
      inputs: { v },
      run: (t) => F.attention(fromRef(loud), fromRef(k), t.v),
      y: attention(loud, k, v),
      dy,
      gradients: { dv },
      // Scores of several hundred carry an error of about 1e-5 into the exponent.
      bound: 1e-4,
    });
  });

  it('takes one tensor as queries, keys and values', () => {
    const { q, dy } = operands([2, 3, 17, 17, 8]);
    const { dq, dk, dv } = attentionBackward(dy, q, q, q);
    checkOp({
      inputs: { q },
      run: (t) => F.attention(t.q, t.q, t.q),
      y: attention(q, q, q),
      dy,
      gradients: { dq: add(add(dq, dk), dv) },
    });
  });

  it('refuses ranks, sizes, masks and scales that do not go together', () => {
    const z = zeroTensor;
    const run = (q: number[], k: number[], v = k, options: Parameters<typeof F.attention>[3] = {}) =>
      F.attention(z(q), z(k), z(v), options);
    assertBadInput(() => run([2, 7, 8], [2, 7, 8]), /\(B,H,T,D\) of 4 axes for attention q .*\(2,7,8\)/);
    assertBadInput(() => run([2, 3, 7, 8], [2, 2, 7, 8]), /\(2,3,\*,8\) for attention k .*\(2,2,7,8\)/);
    assertBadInput(() => run([2, 3, 7, 8], [2, 3, 7, 9]), /\(2,3,\*,8\) for attention k .*\(2,3,7,9\)/);
    assertBadInput(() => run([2, 3, 7, 8], [2, 3, 5, 8], [2, 3, 7, 8]), /\(2,3,5,8\) for attention v .*\(2,3,7,8\)/);
    const mask = (...shape: number[]) => ({ keyPaddingMask: z(shape, { dtype: 'int32' }) });
    assertBadInput(
      () => run([2, 3, 7, 8], [2, 3, 5, 8], [2, 3, 5, 8], mask(2, 7)),
      /\(2,5\) for .*keyPaddingMask .*\(2,7\)/,
    );
    assertBadInput(
      () => run([2, 3, 7, 8], [2, 3, 5, 8], [2, 3, 5, 8], { keyPaddingMask: z([2, 5]) }),
      /int32 tensor for attention keyPaddingMask .*float32/,
    );
    assertBadInput(() => run([2, 3, 7, 8], [2, 3, 5, 8], [2, 3, 5, 8], { scale: Number.NaN }), /attention scale .*NaN/);
  });
});

describe('attentionQkv', () => {
  returnsMemory();

  /** (B,H,T,D) */
  const SIZES: [number, number, number, number][] = [
    [1, 1, 1, 1],
    [1, 3, 7, 8],
    [2, 1, 17, 7],
    [3, 2, 17, 5],
    [1, 2, 197, 8],
    [0, 2, 7, 4],
    [2, 3, 0, 4],
  ];
  for (const [B, H, T, D] of SIZES) {
    const random = generator(3);
    const qkv = normal([B, T, 3 * H * D], random);
    const dy = normal([B, T, H * D], random);
    const keyPadding = bernoulli([B, T], generator(4), 0.4);
    const VARIANTS: Record<string, Masks> = {
      'no mask': {},
      'a causal mask': { causal: true },
      'a padding mask': { keyPadding },
      'both masks and a scale': { causal: true, keyPadding, scale: 0.5 },
    };
    for (const [name, masks] of Object.entries(VARIANTS)) {
      it(`has the reference's value and gradient at B,H,T,D ${B},${H},${T},${D} with ${name}`, () => {
        const y = qkvAttention(qkv, H, masks);
        const dqkv = qkvAttentionBackward(dy, qkv, H, masks);
        checkOp({
          inputs: { qkv },
          run: (t) => F.attentionQkv(t.qkv, H, given(masks)),
          y,
          dy,
          gradients: { dqkv },
        });
        const turned = transpose(qkv, 0, 1);
        checkOp({
          inputs: { turned },
          run: (t) => F.attentionQkv(t.turned, H, { ...given(masks), batchFirst: false }),
          y: transpose(y, 0, 1),
          dy: transpose(dy, 0, 1),
          gradients: { dturned: transpose(dqkv, 0, 1) },
        });
      });
    }
  }

  it('refuses ranks, heads and masks that do not go together', () => {
    const run = (shape: number[], heads: number, options: Parameters<typeof F.attentionQkv>[2] = {}) =>
      F.attentionQkv(zeroTensor(shape), heads, options);
    assertBadInput(() => run([7, 24], 2), /\(B,T,3\*H\*D\) of 3 axes for attentionQkv input .*\(7,24\)/);
    assertBadInput(() => run([2, 7, 24], 3), /3 \* 3 heads divide for attentionQkv input .*\(2,7,24\)/);
    assertBadInput(() => run([2, 7, 25], 1), /3 \* 1 heads divide/);
    assertBadInput(() => run([2, 7, 24], 0), /at least 1 for attentionQkv numHeads .* 0\./);
    assertBadInput(() => run([2, 7, 24], 1.5), /whole number .* numHeads .*1\.5/);
    const mask = zeroTensor([7, 2], { dtype: 'int32' });
    assertBadInput(
      () => run([2, 7, 24], 2, { keyPaddingMask: mask }),
      /\(2,7\) for attention keyPaddingMask .*\(7,2\)/,
    );
    mask.dispose();
  });
});
