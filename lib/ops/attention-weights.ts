import { checkNumber } from '../check.js';
import { constant, type Tensor } from '../tensor.js';
import type { AttentionOptions } from './attention.js';
import { checkTensor } from './check-tensor.js';
import { add, mul } from './elementwise.js';
import { embedding } from './embedding.js';
import { matmul } from './matmul.js';
import { softmax } from './softmax.js';
import { reshape } from './transpose.js';

// Added to a masked score: far below any other, yet finite, so that a fully masked row stays without NaN.
const MASKED = -1e30;

/** Options of `attentionWeights`. */
export interface AttentionWeightsOptions extends Omit<AttentionOptions, 'keyPaddingMask'> {
  /** (B,M) int32 of 0 and 1: keys at a 1 are ignored. */
  keyPaddingMask?: Tensor;
  /** Added to the scores, broadcast to (B,H,T,M): a relative position bias, for one. */
  bias?: Tensor;
}

/**
 * The weights of attention in full, softmax(scale q k^T + masks): `attention` without the values, for those who look at
 * the weights, drop some, or bias the scores.
 *
 * @param q (B,H,T,D)
 * @param k (B,H,M,D)
 * @returns (B,H,T,M)
 * @throws TypeError when the sizes do not go together
 */
export function attentionWeights(q: Tensor, k: Tensor, options: AttentionWeightsOptions = {}): Tensor {
  checkTensor(q, 'attentionWeights q', { rank: 4, letters: '(B,H,T,D)' });
  const [batch, heads, queries, width] = q.shape as [number, number, number, number]; // four axes
  checkTensor(k, 'attentionWeights k', { shape: [batch, heads, null, width] });
  const keys = k.shape[2] as number; // four axes
  const scale = checkNumber(options.scale ?? 1 / Math.sqrt(width), 'attentionWeights scale');
  let scores = mul(matmul(q, k, { transposeB: true }), scale);
  if (options.bias !== undefined) scores = add(scores, options.bias);
  if (options.causal === true) scores = add(scores, causalMask(queries, keys));
  const { keyPaddingMask: mask } = options;
  if (mask !== undefined) {
    checkTensor(mask, 'attentionWeights keyPaddingMask', { dtype: 'int32', shape: [batch, keys] });
    scores = add(scores, maskScores(mask, [batch, 1, 1, keys]));
  }
  return softmax(scores);
}

function causalMask(queries: number, keys: number): Tensor {
  const mask = new Float32Array(queries * keys);
  for (let t = 0; t < queries; t++) mask.fill(MASKED, t * keys + Math.min(t + 1, keys), (t + 1) * keys);
  return constant(mask, [queries, keys]);
}

/** 0 where the mask is 0, MASKED where it is 1. */
function maskScores(mask: Tensor, shape: readonly number[]): Tensor {
  return reshape(embedding(mask, constant(Float32Array.of(0, MASKED), [2, 1])), shape);
}
