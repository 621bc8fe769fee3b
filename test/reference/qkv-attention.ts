import { type Ref, reshape, zeros } from './array.js';
import { type AttentionOptions, attention, attentionBackward } from './attention.js';
import { transpose } from './transpose.js';

/** qkv (B,T,3*H*D), read as (B,T,3,H,D) like timm's, as q, k and v (B,H,T,D). */
function unpack(qkv: Ref, numHeads: number): [Ref, Ref, Ref] {
  const [B, T, packed] = qkv.shape;
  const D = packed / (3 * numHeads);
  const part = (which: number) => {
    const heads = zeros([B, T, numHeads, D]);
    const width = numHeads * D;
    for (let bt = 0; bt < B * T; bt++) {
      for (let i = 0; i < width; i++) heads.data[bt * width + i] = qkv.data[(bt * 3 + which) * width + i];
    }
    return transpose(heads, 1, 2);
  };
  return [part(0), part(1), part(2)];
}

/** The inverse of unpack. */
function pack(parts: readonly [Ref, Ref, Ref]): Ref {
  const [B, H, T, D] = parts[0].shape;
  const qkv = zeros([B, T, 3 * H * D]);
  parts.forEach((part, which) => {
    const heads = transpose(part, 1, 2);
    for (let bt = 0; bt < B * T; bt++) {
      for (let i = 0; i < H * D; i++) qkv.data[(bt * 3 + which) * H * D + i] = heads.data[bt * H * D + i];
    }
  });
  return qkv;
}

/** Self-attention from a fused projection qkv (B,T,3*H*D): (B,T,H*D), the heads side by side again. */
export function qkvAttention(qkv: Ref, numHeads: number, options: AttentionOptions = {}): Ref {
  const [B, T, packed] = qkv.shape;
  return reshape(transpose(attention(...unpack(qkv, numHeads), options), 1, 2), [B, T, packed / 3]);
}

/** dqkv (B,T,3*H*D) of {@link qkvAttention}. */
export function qkvAttentionBackward(dy: Ref, qkv: Ref, numHeads: number, options: AttentionOptions = {}): Ref {
  const [B, T, width] = dy.shape;
  const dheads = transpose(reshape(dy, [B, T, numHeads, width / numHeads]), 1, 2);
  const { dq, dk, dv } = attentionBackward(dheads, ...unpack(qkv, numHeads), options);
  return pack([dq, dk, dv]);
}
