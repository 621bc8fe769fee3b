import assert from 'node:assert/strict';
import { reshape, zeros } from './array.js';
import { attention } from './attention.js';
import { cat } from './cat.js';
import { checkGradient } from './finite-difference.js';
import { qkvAttention, qkvAttentionBackward } from './qkv-attention.js';
import { generator, normal } from './random.js';
import { slice } from './slice.js';

describe('reference attention of a fused qkv', () => {
  it("reads timm's layout: q, then k, then v, each head by head", () => {
    const [B, T, H, D] = [2, 5, 3, 4];
    const qkv = normal([B, T, 3 * H * D], generator(61));
    const head = (which: number, h: number) => {
      const start = (which * H + h) * D;
      return reshape(slice(qkv, 2, start, start + D), [B, 1, T, D]);
    };
    const heads = [0, 1, 2].map((h) => reshape(attention(head(0, h), head(1, h), head(2, h)), [B, T, D]));
    assert.deepEqual(qkvAttention(qkv, H), cat(heads, 2));
  });

  it('gives a lone token its own value', () => {
    const qkv = normal([1, 1, 21], generator(62));
    assert.deepEqual(qkvAttention(qkv, 1), slice(qkv, 2, 14, 21));
  });

  for (const [B, T, H, D] of [
    [1, 1, 1, 1],
    [2, 7, 3, 2],
    [1, 17, 1, 3],
  ]) {
    for (const causal of [false, true]) {
      it(`has the differences' gradient: ${[B, T, 3 * H * D]} in ${H} heads${causal ? ', causal' : ''}`, () => {
        const random = generator(63);
        const qkv = normal([B, T, 3 * H * D], random);
        const dy = normal([B, T, H * D], random);
        const dqkv = qkvAttentionBackward(dy, qkv, H, { causal });
        checkGradient((inputs) => qkvAttention(inputs.qkv, H, { causal }), { qkv }, { dqkv }, { dy });
      });
    }
  }

  it('takes an empty batch', () => {
    assert.deepEqual(qkvAttention(zeros([0, 3, 24]), 2), zeros([0, 3, 8]));
    assert.deepEqual(qkvAttentionBackward(zeros([0, 3, 8]), zeros([0, 3, 24]), 2), zeros([0, 3, 24]));
  });
});
