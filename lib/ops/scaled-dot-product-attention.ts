import { checkBoolean, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { attention } from './attention.js';
import { attentionWeights } from './attention-weights.js';
import { checkTensor } from './check-tensor.js';
import { dropout } from './dropout.js';
import { matmul } from './matmul.js';
import { checkDropProbability } from './random.js';
import { reshape } from './reshape.js';
import { where } from './where.js';

/** Options of `scaledDotProductAttention`, in PyTorch's words and with its meaning. */
export interface ScaledDotProductAttentionOptions {
  /**
   * Of any shape that broadcasts to (B,H,T,M). Float32 is added to the scores; of int32, such as comparisons give, keys at
   * a 1 take part and those at a 0 do not, contrary to the masks of `nn.MultiheadAttention`.
   */
  attnMask?: Tensor;
  /** Probability of dropping a weight; at once, whatever the mode of a module. Default 0. */
  dropoutP?: number;
  /** Query t sees keys 0..t only; not together with `attnMask`. Default false. */
  isCausal?: boolean;
  /** Factor of the scores. Default 1 / sqrt(D). */
  scale?: number;
}

const OPTIONS: OptionNames<ScaledDotProductAttentionOptions> = {
  attnMask: true,
  dropoutP: true,
  isCausal: true,
  scale: true,
};

/**
 * softmax(scale q k^T + mask) v. The scores are stored whole only where weights are dropped, or values are of another
 * width than keys. A query that sees no key gives zeros.
 *
 * @param query (B,H,T,D), (B,T,D) or (T,D)
 * @param key (B,H,M,D), or with as many axes as the query
 * @param value (B,H,M,E), likewise
 * @returns (B,H,T,E), likewise
 * @throws TypeError when the sizes do not go together
 * @see `torch.nn.functional.scaled_dot_product_attention`
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: ScaledDotProductAttentionOptions = {},
): Tensor {
  const name = 'scaledDotProductAttention';
  checkOptions(options, OPTIONS, name);
  checkTensor(query, `${name} query`, { minRank: 2, letters: '(B,H,T,D)' });
  if (query.rank > 4) throw expected('a tensor (B,H,T,D) of at most 4 axes', `${name} query`, query);
  const lead = query.shape.slice(0, -2);
  const [queries, width] = query.shape.slice(-2) as [number, number]; // two axes at least
  checkTensor(key, `${name} key`, { shape: [...lead, null, width] });
  const keys = key.shape.at(-2) as number; // as many axes as the query
  checkTensor(value, `${name} value`, { shape: [...lead, keys, null] });
  const p = checkDropProbability(options.dropoutP ?? 0, `${name} dropoutP`);
  const causal = checkBoolean(options.isCausal ?? false, `${name} isCausal`);
  const { attnMask, scale } = options;
  if (causal && attnMask !== undefined) throw expected('no attnMask beside isCausal', name, attnMask);
  return scope(() => {
    const outer = [...new Array<number>(4 - query.rank).fill(1), ...lead];
    const [q, k, v] = [query, key, value].map((x) => reshape(x, [...outer, ...x.shape.slice(-2)])) as [
      Tensor,
      Tensor,
      Tensor,
    ]; // one each
    const masks = {
      causal,
      ...(attnMask !== undefined && { attnMask: ignoring(attnMask, name) }),
      ...(scale !== undefined && { scale }),
    };
    const whole = p > 0 || value.shape.at(-1) !== width;
    const y = whole ? matmul(dropout(attentionWeights(q, k, masks), p), v) : attention(q, k, v, masks);
    return reshape(y, [...lead, queries, value.shape.at(-1) as number]); // as many axes as the query
  });
}

/** A mask in the words of `attention`: of int32, keys at a 1 are ignored. */
function ignoring(mask: Tensor, name: string): Tensor {
  if (checkTensor(mask, `${name} attnMask`, { dtype: mask?.dtype }).dtype !== 'int32') return mask;
  return where(mask, 0, Number.NEGATIVE_INFINITY);
}
