import { type Gradients, type Remake, record } from '../autograd.js';
import { checkBoolean, checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { converted } from '../converted.js';
import { isDeferring } from '../deferred.js';
import { native } from '../native.js';
import { currentPrecision } from '../precision.js';
import { sparesMemory } from '../sparing-memory.js';
import { type DType, empty, fill, type Tensor } from '../tensor.js';
import { type AttentionBias, attentionBias } from './attention-mask.js';
import { checkTensor } from './check-tensor.js';

/** Masks and scale of attention. */
export interface AttentionOptions {
  /** Query t sees keys 0..t only. Default false. */
  causal?: boolean;
  /** (B,M) int32 of 0 and 1: keys at a 1 are ignored. */
  keyPaddingMask?: Tensor;
  /**
   * Of any shape that broadcasts to (B,H,T,M). Float32 is added to the scores, and gets a gradient where it requires one;
   * of int32, keys at a 1 are ignored.
   */
  attnMask?: Tensor;
  /** Factor of the scores. Default 1 / sqrt(D). */
  scale?: number;
}

/** @internal */
export const ATTENTION_OPTIONS: OptionNames<AttentionOptions> = {
  causal: true,
  keyPaddingMask: true,
  attnMask: true,
  scale: true,
};

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
  padding: Tensor | undefined;
  bias: AttentionBias;
  scale: number;
  causal: boolean;
  bf16: boolean;
}

function checkSettings(options: AttentionOptions, { batch, heads, queries, keys, width }: Sizes): Settings {
  const { keyPaddingMask: padding } = options;
  if (padding !== undefined) checkTensor(padding, 'attention keyPaddingMask', { dtype: 'int32', shape: [batch, keys] });
  const scale = checkNumber(options.scale ?? 1 / Math.sqrt(Math.max(1, width)), 'attention scale');
  const causal = checkBoolean(options.causal ?? false, 'attention causal');
  const bias = attentionBias(options.attnMask, [batch, heads, queries, keys]);
  return { padding, bias, scale, causal, bf16: currentPrecision() === 'bf16' };
}

/** One call of the op: of q, k and v, or of one tensor that holds all three. */
interface Call {
  name: string;
  inputs: readonly [q: Tensor, k: Tensor, v: Tensor] | readonly [qkv: Tensor];
  /** Of the result. */
  shape: readonly number[];
  layouts: readonly [y: Layout, q: Layout, k: Layout, v: Layout];
  sizes: Sizes;
  settings: Settings;
}

/** Enqueues the op and records its gradients: of the inputs, and then of the bias. */
function attend({ name, inputs, shape, layouts, sizes, settings }: Call): Tensor {
  const { padding, bias, scale, causal, bf16 } = settings;
  const [layoutY, layoutQ, layoutK, layoutV] = layouts;
  const fixed = { layoutY, layoutQ, layoutK, layoutV, layoutBias: bias.layout, ...sizes, scale, causal, bf16 };
  const dtype = storedDtype(sizes, bf16);
  const forward = (operands: readonly Tensor[], [keyPadding, added]: Masks): { y: Tensor; softmax: Tensor } => {
    const result = empty(shape, dtype);
    const softmax = empty([2, sizes.batch, sizes.heads, sizes.queries]);
    withDtype(operands, dtype, ([q, k = q, v = q]) => {
      native.attentionForward({ y: result, softmax, q, k, v, keyPadding, bias: added, ...fixed });
    });
    const y = bf16 && dtype === 'float32' ? converted(result, 'bfloat16') : result;
    if (y !== result) result.dispose();
    return { y, softmax };
  };
  const { y, softmax } = forward(inputs, [padding, bias.tensor]);
  const optional = [padding, bias.tensor];
  const given = optional.map((tensor) => tensor !== undefined);
  const masksOf = (present: Tensor[]): Masks => given.map((one) => (one ? present.shift() : undefined));
  const saved = [...inputs, y, softmax, ...optional.filter((tensor) => tensor !== undefined)];
  const count = inputs.length;
  const remake: Remake = {
    from: saved.flatMap((tensor, i) => (tensor === y || tensor === softmax ? [] : i)),
    own: count,
    make: (sources) => {
      const again = forward(sources.slice(0, count), masksOf(sources.slice(count)));
      again.softmax.dispose();
      return again.y;
    },
  };
  const rule = (dy: Tensor, grads: Gradients, kept: readonly Tensor[]): void => {
    const read = kept.slice(0, count);
    const [sy, ssoftmax, ...rest] = kept.slice(count) as [Tensor, Tensor, ...Tensor[]]; // as saved
    const dinputs = read.map((input) => empty(input.shape, dtype));
    // The other tokens' queries had no part.
    if (count === 1 && sizes.queries < sizes.keys) for (const dqkv of dinputs) fill(dqkv, 0);
    const dbias = grads.wants(count) ? empty([bias.parts, (rest.at(-1) as Tensor).size]) : undefined; // the bias is saved last
    const [keyPadding, sbias] = masksOf(rest);
    const [dq, dk = dq, dv = dq] = dinputs;
    withDtype([dy, sy, ...read], dtype, ([gradient, output, q, k = q, v = q]) => {
      const seen = { y: output, q, k, v, softmax: ssoftmax, keyPadding, bias: sbias };
      native.attentionBackward({ dq, dk, dv, dbias, dy: gradient, ...seen, ...fixed, parts: bias.parts });
    });
    for (const [i, gradient] of dinputs.entries()) {
      if (grads.wants(i)) grads.pass(i, gradient);
      gradient.dispose();
    }
    if (dbias !== undefined) passTotal(grads, count, dbias);
  };
  record(name, y, [...inputs, bias.tensor], saved, rule, isMadeAgain(sizes) ? remake : undefined);
  softmax.dispose();
  bias.release();
  return y;
}

/** The keys' padding and the bias. */
type Masks = readonly (Tensor | undefined)[];

/**
 * Whether the result is rather made again in backward than kept, where memory is to be spared: where the width is three times the keys,
 * as in ViT-B/16, that is at most 1.9 % of the arithmetic of a block's training step, 4 MTC of 72 TCC + 12 MTC. Not of what is computed
 * again anyway.
 */
function isMadeAgain({ heads, keys, width }: Sizes): boolean {
  return sparesMemory() && 3 * keys <= heads * width && !isDeferring();
}

/** How the op has its operands: of bfloat16 where its products are such, and not too short for them. */
function storedDtype({ queries, keys, width }: Sizes, bf16: boolean): 'float32' | 'bfloat16' {
  const MOST_SHORT = 32; // keys that two vectors hold
  return bf16 && keys > MOST_SHORT && queries > 0 && width > 0 ? 'bfloat16' : 'float32';
}

/** Calls `fn` with tensors of a dtype; what is converted for it is released then. */
function withDtype(tensors: readonly Tensor[], dtype: DType, fn: (same: [Tensor, ...Tensor[]]) => void): void {
  const same = tensors.map((tensor) => (tensor.dtype === dtype ? tensor : converted(tensor, dtype)));
  fn(same as [Tensor, ...Tensor[]]); // there is one at least
  for (const [i, tensor] of same.entries()) if (tensor !== tensors[i]) tensor.dispose();
}

/** Input `i`'s gradient is the sum over the first axis. */
function passTotal(grads: Gradients, i: number, sums: Tensor): void {
  const [parts] = sums.shape;
  if (parts === 1) {
    grads.pass(i, sums);
  } else {
    const { grad, accumulate } = grads.target(i);
    native.sum({ y: grad, x: sums, shape: sums.shape, kept: [0, 1], scale: 1, accumulate });
  }
  sums.dispose();
}

/**
 * Scaled dot-product attention, softmax(q k^T / sqrt(D) + mask) v for each head; the T x M scores are never stored whole.
 * A query that sees no key gives zeros.
 *
 * @param q (B,H,T,D)
 * @param k (B,H,M,D)
 * @param v (B,H,M,D)
 * @returns (B,H,T,D)
 * @throws TypeError when the sizes do not go together
 * @see Vaswani et al. 2017, section 3.2.1
 * @see `torch.nn.functional.scaled_dot_product_attention`
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  checkOptions(options, ATTENTION_OPTIONS, 'attention');
  checkTensor(q, 'attention q', { rank: 4, letters: '(B,H,T,D)' });
  const [batch, heads, queries, width] = q.shape as [number, number, number, number];
  checkTensor(k, 'attention k', { shape: [batch, heads, null, width] });
  checkTensor(v, 'attention v', { shape: k.shape });
  const keys = k.shape[2];
  const sizes = { batch, heads, queries, keys, width };
  const own = separate(heads, queries, width);
  const other = separate(heads, keys, width);
  return attend({
    name: 'attention',
    inputs: [q, k, v],
    shape: q.shape,
    layouts: [own, own, other, other],
    sizes,
    settings: checkSettings(options, sizes),
  });
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
 * @see timm's `Attention`, whose `qkv` it is
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
  const layout = (offset: number, row: number, rows: number): Layout =>
    batchFirst ? [offset, rows * row, width, row] : [offset, row, width, batch * row];
  const part = (index: number): Layout => layout(index * dim, packed, tokens);
  return attend({
    name: 'attentionQkv',
    inputs: [qkv],
    shape: batchFirst ? [batch, queries, dim] : [queries, batch, dim],
    layouts: [layout(0, dim, queries), part(0), part(1), part(2)],
    sizes,
    settings: checkSettings(options, sizes),
  });
}
