import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { type Ref, ref, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { type AttentionOptions, attention, attentionBackward, attentionProbabilities } from './attention.js';
import { checkGradient } from './finite-difference.js';
import { generator, normal } from './random.js';

interface Case {
  op: string;
  causal: boolean;
}

// The second image of two sees none of its keys.
const padding = ref([2, 7], [0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
const GRADIENT_CASES: [
  string,
  { B: number; H: number; T: number; M: number; D: number; E: number },
  AttentionOptions,
][] = [
  ['one key', { B: 1, H: 1, T: 1, M: 1, D: 1, E: 1 }, {}],
  ['self-attention', { B: 2, H: 3, T: 7, M: 7, D: 2, E: 2 }, {}],
  ['a tile and one more', { B: 1, H: 1, T: 17, M: 17, D: 3, E: 3 }, {}],
  ['cross-attention, values of another width', { B: 1, H: 2, T: 3, M: 7, D: 5, E: 2 }, { scale: 0.3 }],
  ['causal', { B: 1, H: 2, T: 7, M: 7, D: 3, E: 3 }, { causal: true }],
  ['causal, fewer keys than queries', { B: 1, H: 1, T: 7, M: 3, D: 3, E: 3 }, { causal: true }],
  ['padded keys', { B: 2, H: 2, T: 3, M: 7, D: 3, E: 3 }, { keyPadding: padding }],
  ['causal and padded', { B: 2, H: 1, T: 7, M: 7, D: 3, E: 3 }, { causal: true, keyPadding: padding }],
];

describe('reference attention', () => {
  for (const { params, tensors } of loadGolden<Case>('ops').cases.filter((c) => c.params.op === 'attention')) {
    it(`agrees with PyTorch: q (${tensors.q.shape}), k (${tensors.k.shape})${params.causal ? ', causal' : ''}`, () => {
      const { q, k, v, y, gy, gq, gk, gv } = tensors;
      const options = { causal: params.causal };
      assertClose(attention(q, k, v, options), y);
      const { dq, dk, dv } = attentionBackward(gy, q, k, v, options);
      assertClose(dq, gq);
      assertClose(dk, gk);
      assertClose(dv, gv);
    });
  }

  for (const [name, { B, H, T, M, D, E }, options] of GRADIENT_CASES) {
    it(`has the gradients of central differences: ${name}`, () => {
      const random = generator(51);
      const [q, k, v] = [normal([B, H, T, D], random), normal([B, H, M, D], random), normal([B, H, M, E], random)];
      const dy = normal([B, H, T, E], random);
      const f = (inputs: { q: Ref; k: Ref; v: Ref }) => attention(inputs.q, inputs.k, inputs.v, options);
      checkGradient(f, { q, k, v }, attentionBackward(dy, q, k, v, options), { dy });
    });
  }

  for (const shape of [[2, 3, 5, 4], [1, 3, 5, 4], [2, 1, 1, 4], [5, 1], []]) {
    it(`has the gradients of central differences: a bias of shape (${shape})`, () => {
      const random = generator(55);
      const [q, k, v] = [normal([2, 3, 5, 2], random), normal([2, 3, 4, 2], random), normal([2, 3, 4, 2], random)];
      const [bias, dy] = [normal(shape, random), normal([2, 3, 5, 2], random)];
      const f = (inputs: Record<string, Ref>) => attention(inputs.q, inputs.k, inputs.v, { bias: inputs.bias });
      checkGradient(f, { q, k, v, bias }, attentionBackward(dy, q, k, v, { bias }), { dy });
    });
  }

  it('scales by 1 / sqrt(D) unless told', () => {
    const random = generator(52);
    const [q, k, v] = [normal([1, 1, 3, 16], random), normal([1, 1, 3, 16], random), normal([1, 1, 3, 16], random)];
    assert.deepEqual(attention(q, k, v), attention(q, k, v, { scale: 0.25 }));
    assert.notDeepEqual(attention(q, k, v), attention(q, k, v, { scale: 0.5 }));
  });

  it('gives an ignored key no weight, as if it were not there', () => {
    const random = generator(53);
    const [q, k, v] = [normal([1, 1, 2, 4], random), normal([1, 1, 3, 4], random), normal([1, 1, 3, 4], random)];
    const first = (x: Ref) => ref([1, 1, 2, 4], x.data.subarray(0, 8));
    const padded = attention(q, k, v, { keyPadding: ref([1, 3], [0, 0, 1]) });
    assertClose(padded, attention(q, first(k), first(v)), { relative: 1e-15 });
  });

  it('lets a causal query see the first key, and itself last', () => {
    const p = attentionProbabilities(zeros([1, 1, 3, 1]), zeros([1, 1, 3, 1]), { causal: true });
    assertClose(p, ref([1, 1, 3, 3], [1, 0, 0, 1 / 2, 1 / 2, 0, 1 / 3, 1 / 3, 1 / 3]), { relative: 1e-15 });
  });

  it('gives zeros, and zero gradients, for a row with no key to see', () => {
    const random = generator(54);
    const q = normal([1, 1, 2, 4], random);
    const keyPadding = ref([1, 2], [1, 1]);
    assert.deepEqual(attention(q, q, q, { keyPadding }), zeros([1, 1, 2, 4]));
    const gradients = attentionBackward(q, q, q, q, { keyPadding });
    for (const d of [gradients.dq, gradients.dk, gradients.dv]) assertClose(d, zeros([1, 1, 2, 4]));
    assert.deepEqual(attention(q, zeros([1, 1, 0, 4]), zeros([1, 1, 0, 4])), zeros([1, 1, 2, 4]));
  });

  it('takes an empty batch', () => {
    const empty = zeros([0, 2, 3, 4]);
    assert.deepEqual(attention(empty, empty, empty), empty);
    const { dq, dk, dv } = attentionBackward(empty, empty, empty, empty);
    assert.deepEqual([dq, dk, dv], [empty, empty, empty]);
  });
});
