import { type Ref, requireShape, zeros } from './array.js';
import { broadcastIndex } from './broadcast.js';
import { softmax, softmaxBackward } from './softmax.js';

export interface AttentionOptions {
  /** Query t sees keys 0..t only, counted from the first of both, as PyTorch's is_causal. */
  causal?: boolean | undefined;
  /** (B,M): a key that is not 0 here is ignored, as nn.MultiheadAttention's key_padding_mask. */
  keyPadding?: Ref | undefined;
  /** 1 / sqrt(D) by default. */
  scale?: number | undefined;
  /** Added to the scores; of any shape that broadcasts to (B,H,T,M). */
  bias?: Ref | undefined;
}

/** softmax(scale q k^T) (B,H,T,M), 0 where masked; a row with no key to see is all zeros, and so gives zeros. */
export function attentionProbabilities(q: Ref, k: Ref, options: AttentionOptions = {}): Ref {
  const [B, H, T, D] = q.shape;
  const M = k.shape[2];
  requireShape('k', k, [B, H, M, D]);
  const { causal = false, keyPadding, scale = 1 / Math.sqrt(D), bias } = options;
  if (keyPadding) requireShape('keyPadding', keyPadding, [B, M]);
  const scores = zeros([B, H, T, M]);
  const biasAt = bias && broadcastIndex(bias.shape, scores.shape);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let t = 0; t < T; t++) {
        for (let m = 0; m < M; m++) {
          const hidden = (causal && m > t) || (keyPadding !== undefined && keyPadding.data[b * M + m] !== 0);
          const qRow = ((b * H + h) * T + t) * D;
          const kRow = ((b * H + h) * M + m) * D;
          let dot = 0;
          for (let d = 0; d < D; d++) dot += q.data[qRow + d] * k.data[kRow + d];
          const at = ((b * H + h) * T + t) * M + m;
          const added = bias && biasAt ? bias.data[biasAt[at]] : 0;
          scores.data[at] = hidden ? -Infinity : scale * dot + added;
        }
      }
    }
  }
  const p = softmax(scores);
  // A fully masked row is exp(-Infinity + Infinity): NaN by the formula, 0 by definition.
  scores.data.forEach((score, i) => {
    if (score === -Infinity) p.data[i] = 0;
  });
  return p;
}

/** softmax(scale q k^T) v, as F.scaled_dot_product_attention: q (B,H,T,D), k (B,H,M,D), v (B,H,M,E) give (B,H,T,E). */
export function attention(q: Ref, k: Ref, v: Ref, options: AttentionOptions = {}): Ref {
  const p = attentionProbabilities(q, k, options);
  const [B, H, T, M] = p.shape;
  const E = v.shape[3];
  requireShape('v', v, [B, H, M, E]);
  const y = zeros([B, H, T, E]);
  for (let bh = 0; bh < B * H; bh++) {
    for (let t = 0; t < T; t++) {
      for (let m = 0; m < M; m++) {
        const weight = p.data[(bh * T + t) * M + m];
        for (let e = 0; e < E; e++) y.data[(bh * T + t) * E + e] += weight * v.data[(bh * M + m) * E + e];
      }
    }
  }
  return y;
}

/**
 * Gradients of {@link attention}: dv = p^T dy; dp = dy v^T; ds as softmax's; dq = scale ds k; dk = scale ds^T q; dbias,
 * if there is one, the sum of ds over the axes along which it is repeated.
 */
export function attentionBackward(
  dy: Ref,
  q: Ref,
  k: Ref,
  v: Ref,
  options: AttentionOptions = {},
): { dq: Ref; dk: Ref; dv: Ref; dbias: Ref } {
  const p = attentionProbabilities(q, k, options);
  const [B, H, T, M] = p.shape;
  const [D, E] = [q.shape[3], v.shape[3]];
  const scale = options.scale ?? 1 / Math.sqrt(D);
  const dv = zeros(v.shape);
  const dp = zeros(p.shape);
  for (let bh = 0; bh < B * H; bh++) {
    for (let t = 0; t < T; t++) {
      for (let m = 0; m < M; m++) {
        const at = (bh * T + t) * M + m;
        for (let e = 0; e < E; e++) {
          const d = dy.data[(bh * T + t) * E + e];
          dv.data[(bh * M + m) * E + e] += p.data[at] * d;
          dp.data[at] += d * v.data[(bh * M + m) * E + e];
        }
      }
    }
  }
  const ds = softmaxBackward(dp, p);
  const dq = zeros(q.shape);
  const dk = zeros(k.shape);
  for (let bh = 0; bh < B * H; bh++) {
    for (let t = 0; t < T; t++) {
      for (let m = 0; m < M; m++) {
        const d = scale * ds.data[(bh * T + t) * M + m];
        for (let i = 0; i < D; i++) {
          dq.data[(bh * T + t) * D + i] += d * k.data[(bh * M + m) * D + i];
          dk.data[(bh * M + m) * D + i] += d * q.data[(bh * T + t) * D + i];
        }
      }
    }
  }
  const dbias = zeros(options.bias?.shape ?? []);
  const biasAt = broadcastIndex(dbias.shape, ds.shape);
  for (const [at, d] of ds.data.entries()) dbias.data[biasAt[at]] += d;
  return { dq, dk, dv, dbias };
}
