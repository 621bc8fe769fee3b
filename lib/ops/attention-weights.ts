import { checkBoolean, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { constant, type Tensor } from '../tensor.js';
import type { AttentionOptions } from './attention.js';
import { checkTensor } from './check-tensor.js';
import { add, mul } from './elementwise.js';
import { embedding } from './embedding.js';
import { matmul } from './matmul.js';
import { softmax } from './softmax.js';
import { reshape } from './transpose.js';

// Added to a score out of sight: far below any other, yet finite, so that a row that sees nothing stays without NaN.
const MASKED = -1e30;

/** Options of `attentionWeights`. */
export interface AttentionWeightsOptions extends Omit<AttentionOptions, 'keyPaddingMask'> {
  /** (B,M) int32 of 0 and 1: keys at a 1 are ignored. */
  keyPaddingMask?: Tensor;
  /** Added to the scores, broadcast to (B,H,T,M): a relative position bias, for one. */
  bias?: Tensor;
}

const OPTIONS: OptionNames<AttentionWeightsOptions> = { causal: true, keyPaddingMask: true, scale: true, bias: true };

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
  checkOptions(options, OPTIONS, 'attentionWeights');
  checkTensor(q, 'attentionWeights q', { rank: 4, letters: '(B,H,T,D)' });
  const [batch, heads, queries, width] = q.shape as [number, number, number, number];
  checkTensor(k, 'attentionWeights k', { shape: [batch, heads, null, width] });
  const keys = k.shape[2];
  const scale = checkNumber(options.scale ?? 1 / Math.sqrt(width), 'attentionWeights scale');
  let scores = mul(matmul(q, k, { transposeB: true }), scale);
  if (options.bias !== undefined) scores = add(scores, options.bias);
  const { keyPaddingMask: mask } = options;
  if (mask !== undefined) {
    checkTensor(mask, 'attentionWeights keyPaddingMask', { dtype: 'int32', shape: [batch, keys] });
  }
  const masks = [
    ...(checkBoolean(options.causal ?? false, 'attentionWeights causal') ? [causalVisibility(queries, keys)] : []),
    ...(mask === undefined
      ? []
      : [reshape(embedding(mask, constant(Float32Array.of(1, 0), [2, 1])), [batch, 1, 1, keys])]),
  ];
  if (masks.length === 0) return softmax(scores);
  const visible = masks.reduce((both, one) => mul(both, one));
  // A query that sees no key weighs none, as in `attention`, where softmax alone would weigh all alike.
  return mul(softmax(add(scores, add(mul(visible, -MASKED), MASKED))), visible);
}

/** (T,M): 1 where a query may see a key, 0 elsewhere. */
function causalVisibility(queries: number, keys: number): Tensor {
  const visible = new Float32Array(queries * keys);
  for (let t = 0; t < queries; t++) visible.fill(1, t * keys, t * keys + Math.min(t + 1, keys));
  return constant(visible, [queries, keys]);
}
