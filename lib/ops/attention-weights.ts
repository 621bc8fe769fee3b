import { checkBoolean, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Tensor } from '../tensor.js';
import { ATTENTION_OPTIONS, type AttentionOptions } from './attention.js';
import { causalVisibility, checkAttentionMask, maskAsBias } from './attention-mask.js';
import { checkTensor } from './check-tensor.js';
import { eq, lt } from './compare.js';
import { add, mul } from './elementwise.js';
import { matmul } from './matmul.js';
import { sum } from './reduce.js';
import { reshape } from './reshape.js';
import { softmax } from './softmax.js';
import { where } from './where.js';

// Below it there is -infinity alone.
const LOWEST = -3.4028234663852886e38;

/** Options of `attentionWeights`. */
export interface AttentionWeightsOptions extends AttentionOptions {
  /** Added to the scores, broadcast to (B,H,T,M): a relative position bias, for one. */
  bias?: Tensor;
}

const OPTIONS: OptionNames<AttentionWeightsOptions> = { ...ATTENTION_OPTIONS, bias: true };

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
  const scale = checkNumber(options.scale ?? 1 / Math.sqrt(Math.max(1, width)), 'attentionWeights scale');
  let scores = mul(matmul(q, k, { transposeB: true, dtype: 'float32' }), scale);
  if (options.bias !== undefined) scores = add(scores, options.bias);
  const { keyPaddingMask: padding, attnMask } = options;
  const visible: Tensor[] = [];
  if (checkBoolean(options.causal ?? false, 'attentionWeights causal')) visible.push(causalVisibility(queries, keys));
  if (padding !== undefined) {
    checkTensor(padding, 'attentionWeights keyPaddingMask', { dtype: 'int32', shape: [batch, keys] });
    visible.push(where(reshape(padding, [batch, 1, 1, keys]), 0, 1));
  }
  if (attnMask !== undefined) {
    const added = maskAsBias(checkAttentionMask(attnMask, scores.shape, 'attentionWeights attnMask'));
    visible.push(where(lt(added, LOWEST), 0, 1));
    scores = add(scores, added);
  }
  return visible.length === 0
    ? softmax(scores)
    : softmaxOfVisible(
        scores,
        visible.reduce((all, one) => mul(all, one)),
      );
}

/** Softmax over the keys at a 1. A query that sees none weighs none, as in `attention`, where softmax alone gives NaN. */
function softmaxOfVisible(scores: Tensor, visible: Tensor): Tensor {
  const blind = eq(sum(visible, { dim: -1, keepDim: true }), 0);
  const instead = where(blind, 0, Number.NEGATIVE_INFINITY);
  return mul(softmax(where(eq(visible, 0), instead, scores)), visible);
}
