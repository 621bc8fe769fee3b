import { record } from '../autograd.js';
import { checkBoolean, checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { currentPrecision } from '../precision.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** Masks and scale of attention. */
export interface AttentionOptions {
  /** Query t sees keys 0..t only. Default false. */
  causal?: boolean;
  /** (B,M) int32 of 0 and 1: keys at a 1 are ignored. */
  keyPaddingMask?: Tensor;
  /** Factor of the scores. Default 1 / sqrt(D). */
  scale?: number;
}

const ATTENTION_OPTIONS: OptionNames<AttentionOptions> = { causal: true, keyPaddingMask: true, scale: true };

/** Where element (b,h,t,0) lies: offset + b * batch + h * head + t * token. */
type Layout = readonly [offset: number, batch: number, head: number, token: number];

interface Sizes {
  batch: number;
  heads: number;
  queries: number;
  keys: number;
  width: number;
}

const separate = (heads: number, tokens: number, width: number): Layout => [
  0,
  heads * tokens * width,
  tokens * width,
  width,
];

interface Settings {
  mask: Tensor | undefined;
  scale: number;
  causal: boolean;
  bf16: boolean;
}

function checkSettings(options: AttentionOptions, { batch, keys, width }: Sizes): Settings {
  const { keyPaddingMask: mask } = options;
  if (mask !== undefined) checkTensor(mask, 'attention keyPaddingMask', { dtype: 'int32', shape: [batch, keys] });
  const scale = checkNumber(options.scale ?? 1 / Math.sqrt(Math.max(1, width)), 'attention scale');
  return {
    mask,
    scale,
    causal: checkBoolean(options.causal ?? false, 'attention causal'),
    bf16: currentPrecision() === 'bf16',
  };
}

/**
 * Scaled dot-product attention, softmax(q k^T / sqrt(D)) v for each head; the T x M scores are never stored whole.
 * A query that sees no key gives zeros.
 *
 * @param q (B,H,T,D)
 * @param k (B,H,M,D)
 * @param v (B,H,M,D)
 * @returns (B,H,T,D)
 * @throws TypeError when the sizes do not go together
 * Source: Vaswani et al. 2017, section 3.2.1. Counterpart: `torch.nn.functional.scaled_dot_product_attention`.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  checkOptions(options, ATTENTION_OPTIONS, 'attention');
  checkTensor(q, 'attention q', { rank: 4, letters: '(B,H,T,D)' });
  const [batch, heads, queries, width] = q.shape as [number, number, number, number];
  checkTensor(k, 'attention k', { shape: [batch, heads, null, width] });
  checkTensor(v, 'attention v', { shape: k.shape });
  const keys = k.shape[2];
  const sizes = { batch, heads, queries, keys, width };
  const { mask, scale, causal, bf16 } = checkSettings(options, sizes);
  const own = separate(heads, queries, width);
  const other = separate(heads, keys, width);
  const numbers = [own, own, other, other, batch, heads, queries, keys, width, scale, causal, bf16] as const;

  const y = empty(q.shape);
  const softmax = empty([2, batch, heads, queries]);
  native.attentionForward(y.handle, softmax.handle, q.handle, k.handle, v.handle, mask?.handle ?? 0, ...numbers);
  const saved = mask === undefined ? [q, k, v, y, softmax] : [q, k, v, y, softmax, mask];
  record('attention', y, [q, k, v], saved, (dy, grads, kept) => {
    const [sq, sk, sv, sy, ssoftmax, smask] = kept as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor | undefined]; // as saved
    const inputs = [sq, sk, sv];
    const [dq, dk, dv] = inputs.map((input) => empty(input.shape)) as [Tensor, Tensor, Tensor];
    native.attentionBackward(
      dq.handle,
      dk.handle,
      dv.handle,
      dy.handle,
      sy.handle,
      sq.handle,
      sk.handle,
      sv.handle,
      ssoftmax.handle,
      smask?.handle ?? 0,
      ...numbers,
    );
    for (const [i, gradient] of [dq, dk, dv].entries()) {
      if (grads.wants(i)) grads.pass(i, gradient);
      gradient.dispose();
    }
  });
  softmax.dispose();
  return y;
}

/** Options of `attentionQkv`. */
export interface AttentionQkvOptions extends AttentionOptions {
  /** Whether the input is (B,T,3*H*D) rather than (T,B,3*H*D). Default true. */
  batchFirst?: boolean;
  /** How many tokens, from the first, attend; all are attended to. Default: all. */
  queries?: number;
}

const QKV_OPTIONS: OptionNames<AttentionQkvOptions> = { ...ATTENTION_OPTIONS, batchFirst: true, queries: true };

/**
 * Self-attention on a fused projection, read in place: `attention` without splitting heads or transposing.
 *
 * @param qkv (B,T,3*H*D), along the last axis q, k and v, each of H heads (timm's packing)
 * @param numHeads H
 * @returns (B,queries,H*D), or with `batchFirst: false` (queries,B,H*D)
 * @throws TypeError when H does not divide a third of the last axis
 */
export function attentionQkv(qkv: Tensor, numHeads: number, options: AttentionQkvOptions = {}): Tensor {
  checkOptions(options, QKV_OPTIONS, 'attentionQkv');
  checkTensor(qkv, 'attentionQkv input', { rank: 3, letters: '(B,T,3*H*D)' });
  const heads = checkInteger(numHeads, 'attentionQkv numHeads', 1);
  const [outer, inner, packed] = qkv.shape as [number, number, number];
  const batchFirst = checkBoolean(options.batchFirst ?? true, 'attentionQkv batchFirst');
  const [batch, tokens] = batchFirst ? [outer, inner] : [inner, outer];
  if (packed % (3 * heads) !== 0) {
    throw expected(`a last axis that 3 * ${heads} heads divide`, 'attentionQkv input', qkv);
  }
  const dim = packed / 3;
  const width = dim / heads;
  const queries = checkInteger(options.queries ?? tokens, 'attentionQkv queries', 0, tokens);
  const sizes = { batch, heads, queries, keys: tokens, width };
  const { mask, scale, causal, bf16 } = checkSettings(options, sizes);
  const layout = (offset: number, row: number, rows: number): Layout =>
    batchFirst ? [offset, rows * row, width, row] : [offset, row, width, batch * row];
  const part = (index: number): Layout => layout(index * dim, packed, tokens);
  const layouts = [layout(0, dim, queries), part(0), part(1), part(2)] as const;
  const numbers = [...layouts, batch, heads, queries, tokens, width, scale, causal, bf16] as const;

  const y = empty(batchFirst ? [batch, queries, dim] : [queries, batch, dim]);
  const softmax = empty([2, batch, heads, queries]);
  const { handle } = qkv;
  native.attentionForward(y.handle, softmax.handle, handle, handle, handle, mask?.handle ?? 0, ...numbers);
  const saved = mask === undefined ? [qkv, y, softmax] : [qkv, y, softmax, mask];
  record('attentionQkv', y, [qkv], saved, (dy, grads, kept) => {
    const [sqkv, sy, ssoftmax, smask] = kept as [Tensor, Tensor, Tensor, Tensor | undefined]; // as saved
    const dqkv = empty(sqkv.shape);
    if (queries < tokens) fill(dqkv, 0); // the other tokens' queries had no part
    const d = dqkv.handle;
    const s = sqkv.handle;
    native.attentionBackward(d, d, d, dy.handle, sy.handle, s, s, s, ssoftmax.handle, smask?.handle ?? 0, ...numbers);
    grads.pass(0, dqkv);
    dqkv.dispose();
  });
  softmax.dispose();
  return y;
}
