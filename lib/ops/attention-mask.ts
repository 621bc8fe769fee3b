import { expected } from '../check.js';
import type { Tensor } from '../tensor.js';
import { broadcastStrides } from './broadcast.js';
import { checkTensor } from './check-tensor.js';
import { constant } from './constant.js';
import { where } from './where.js';

/** Where the score of (b,h,t,m) has its bias; 0 along an axis on which one serves all. */
type BiasLayout = readonly [batch: number, head: number, query: number, key: number];

/** @internal What a call of attention adds to its scores. */
export interface AttentionBias {
  /** Float32, of up to four axes; undefined where nothing is added. */
  tensor: Tensor | undefined;
  layout: BiasLayout;
  /** Sums that its gradient is made in, so that threads share the work: by shapes alone. */
  parts: number;
  /** Releases what was made for the call; the graph keeps what it saved. */
  release(): void;
}

const NONE: AttentionBias = { tensor: undefined, layout: [0, 0, 0, 0], parts: 1, release: () => {} };

// Tiles for some threads to share, where heads have a bias in common; and floats that its sums may take together.
const TILES = 32;
const MOST_SUMMED = 4 * 2 ** 20;

/** @internal Throws unless a mask is float32 or int32 and broadcasts to the scores (B,H,T,M), as NumPy would have it. */
export function checkAttentionMask(mask: Tensor, scores: readonly number[], where: string): Tensor {
  checkTensor(mask, where, { dtype: mask?.dtype === 'int32' ? 'int32' : 'float32' });
  const lead = scores.length - mask.rank;
  const fits = lead >= 0 && mask.shape.every((size, axis) => size === 1 || size === scores[lead + axis]);
  if (!fits) throw expected(`a shape that broadcasts to (B,H,T,M) = (${scores})`, where, mask);
  return mask;
}

/** @internal An int32 mask, 1 where a key is out of sight, as what is added to scores: -infinity there. */
export function maskAsBias(mask: Tensor): Tensor {
  return mask.dtype === 'int32' ? where(mask, Number.NEGATIVE_INFINITY, 0) : mask;
}

/** @internal A mask as the native op takes it; its memory is the mask's own, or that of a tensor of its shape. */
export function attentionBias(
  mask: Tensor | undefined,
  scores: readonly [batch: number, heads: number, queries: number, keys: number],
): AttentionBias {
  if (mask === undefined) return NONE;
  checkAttentionMask(mask, scores, 'attention attnMask');
  const layout = broadcastStrides(mask.shape, scores) as [number, number, number, number]; // the scores' four axes
  const pieces = Math.max(1, (layout[0] === 0 ? 1 : scores[0]) * (layout[1] === 0 ? 1 : scores[1]));
  const sharing = Math.max(1, (scores[0] * scores[1]) / pieces);
  const most = Math.max(1, Math.floor(MOST_SUMMED / Math.max(1, mask.size)));
  const parts = Math.min(sharing, Math.ceil(TILES / pieces), most);
  const tensor = maskAsBias(mask);
  return { tensor, layout, parts, release: () => (tensor === mask ? undefined : tensor.dispose()) };
}

/** @internal (T,M) float32: 1 where a query may see a key, 0 elsewhere. */
export function causalVisibility(queries: number, keys: number): Tensor {
  const visible = new Float32Array(queries * keys);
  for (let t = 0; t < queries; t++) visible.fill(1, t * keys, t * keys + Math.min(t + 1, keys));
  return constant(visible, [queries, keys]);
}
