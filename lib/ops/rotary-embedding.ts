import { record } from '../autograd.js';
import { checkBoolean, checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** Options of `rotaryEmbedding` and `rotaryEmbeddingQkv`. */
export interface RotaryEmbeddingOptions {
  /** Whether a pair is two channels side by side, as EVA has it, or half the width apart, as DINOv3. Default false. */
  interleaved?: boolean;
  /** How many tokens, from the first, have no place and stay as they are. Default 0. */
  prefix?: number;
}

/** @internal */
export const ROTARY_OPTIONS: OptionNames<RotaryEmbeddingOptions> = { interleaved: true, prefix: true };

/** How a tensor lies in memory, to the native op. */
interface Layout {
  batch: number;
  tokens: number;
  heads: number;
  rotated: number;
  width: number;
}

function rotate(
  name: string,
  x: Tensor,
  { cos, sin }: { cos: Tensor; sin: Tensor },
  options: RotaryEmbeddingOptions,
  { batch, tokens, heads, rotated, width }: Layout,
): Tensor {
  const prefix = checkInteger(options.prefix ?? 0, `${name} prefix`, 0, tokens);
  const interleaved = checkBoolean(options.interleaved ?? false, `${name} interleaved`);
  if (width % 2 !== 0) throw expected('heads of even width, for pairs of channels,', `${name} input`, x);
  const table = [tokens - prefix, width / 2];
  checkTensor(cos, `${name} cos`, { shape: table });
  checkTensor(sin, `${name} sin`, { shape: table });
  if (cos.requiresGrad || sin.requiresGrad) {
    throw expected('a table without gradient', `${name} cos and sin`, cos.requiresGrad ? cos : sin);
  }
  const sizes = { batch, tokens, prefix, heads, rotated, pairs: width / 2, interleaved };
  const y = empty(x.shape);
  native.rotate({ y, x, cos, sin, ...sizes, back: false });
  return record(name, y, [x], [cos, sin], (dy, grads, [savedCos, savedSin]) => {
    const dx = empty(dy.shape);
    native.rotate({ y: dx, x: dy, cos: savedCos, sin: savedSin, ...sizes, back: true });
    grads.pass(0, dx);
    dx.dispose();
  });
}

/**
 * Turns each pair of channels by an angle of its token's place: (a, b) becomes (a cos - b sin, b cos + a sin). The scores
 * of queries and keys that are turned so depend on how far apart two tokens lie.
 *
 * @param x (..., T, D), D even
 * @param cos (T - prefix, D/2), of the angles; without gradient
 * @param sin likewise
 * @returns x's shape
 * @throws TypeError when the sizes do not go together
 * @see Su et al. 2021 (RoFormer)
 * @see timm's `apply_rot_embed_cat`, whose tables have each angle twice
 */
export function rotaryEmbedding(x: Tensor, cos: Tensor, sin: Tensor, options: RotaryEmbeddingOptions = {}): Tensor {
  checkOptions(options, ROTARY_OPTIONS, 'rotaryEmbedding');
  checkTensor(x, 'rotaryEmbedding input', { minRank: 2, letters: '(...,T,D)' });
  const [tokens, width] = x.shape.slice(-2) as [number, number]; // two axes at least
  const batch = x.shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return rotate('rotaryEmbedding', x, { cos, sin }, options, { batch, tokens, heads: 1, rotated: 1, width });
}

/**
 * `rotaryEmbedding` of the queries and keys in a fused projection, for `attentionQkv`; the values stay.
 *
 * @param qkv (B,T,3*H*D), along the last axis q, k and v, each of H heads
 * @param numHeads H
 * @param cos (T - prefix, D/2), of the angles; without gradient
 * @param sin likewise
 * @returns qkv's shape
 * @throws TypeError when the sizes do not go together
 * @see timm's `EvaAttention`, which turns both apart
 */
export function rotaryEmbeddingQkv(
  qkv: Tensor,
  numHeads: number,
  cos: Tensor,
  sin: Tensor,
  options: RotaryEmbeddingOptions = {},
): Tensor {
  const name = 'rotaryEmbeddingQkv';
  checkOptions(options, ROTARY_OPTIONS, name);
  checkTensor(qkv, `${name} input`, { rank: 3, letters: '(B,T,3*H*D)' });
  const heads = checkInteger(numHeads, `${name} numHeads`, 1);
  const [batch, tokens, packed] = qkv.shape as [number, number, number];
  if (packed % (3 * heads) !== 0) throw expected(`a last axis that 3 * ${heads} heads divide`, `${name} input`, qkv);
  const layout = { batch, tokens, heads: 3 * heads, rotated: 2 * heads, width: packed / (3 * heads) };
  return rotate(name, qkv, { cos, sin }, options, layout);
}
