import { maskAsBias } from '../ops/attention-mask.js';
import { cat } from '../ops/cat.js';
import { constant } from '../ops/constant.js';
import { zeros } from '../ops/creation.js';
import { add } from '../ops/elementwise.js';
import { reshape } from '../ops/reshape.js';
import { tile } from '../ops/tile.js';
import { permute } from '../ops/transpose.js';
import type { Tensor } from '../tensor.js';
import type { AttentionMasks } from './multihead-attention.js';

/** Keys and values of each head (B,H,M,D), with the masks of their positions. */
export interface Attended {
  key: Tensor;
  value: Tensor;
  masks: AttentionMasks;
}

/** Positions beside the sequence's own, which every query sees: learned ones (1,1,E), and one of zeros. */
export interface Extension {
  bias: readonly [key: Tensor, value: Tensor] | undefined;
  zero: boolean;
}

/** Adds further positions after the sequence's own; causal masks become added ones, as they are not of those. */
export function extendKeys({ key, value, masks }: Attended, { bias, zero }: Extension, queries: number): Attended {
  const [batch, heads, keys, width] = key.shape;
  const learned = (part: Tensor): Tensor =>
    tile(permute(reshape(part, [1, 1, heads, width]), [0, 2, 1, 3]), [batch, 1, 1, 1]);
  const none = (): Tensor[] => (zero ? [zeros([batch, heads, 1, width])] : []);
  const count = (bias === undefined ? 0 : 1) + (zero ? 1 : 0);
  const { causal = false, keyPaddingMask, attnMask } = masks;
  const added = [
    ...(causal ? [hiddenFuture(queries, keys)] : []),
    ...(attnMask === undefined ? [] : [maskAsBias(attnMask)]),
  ];
  return {
    key: cat([key, ...(bias === undefined ? [] : [learned(bias[0])]), ...none()], 2),
    value: cat([value, ...(bias === undefined ? [] : [learned(bias[1])]), ...none()], 2),
    masks: {
      ...(keyPaddingMask !== undefined && {
        keyPaddingMask: cat([keyPaddingMask, zeros([batch, count], { dtype: 'int32' })], 1),
      }),
      ...(added.length > 0 && {
        attnMask: withColumns(
          added.reduce((all, one) => add(all, one)),
          keys,
          count,
        ),
      }),
    },
  };
}

/** (T,M): 0 where a query may see a key, -infinity elsewhere. */
function hiddenFuture(queries: number, keys: number): Tensor {
  const hidden = new Float32Array(queries * keys);
  for (let t = 0; t < queries; t++)
    hidden.fill(Number.NEGATIVE_INFINITY, t * keys + Math.min(t + 1, keys), (t + 1) * keys);
  return constant(hidden, [queries, keys]);
}

/** An added mask (...,M), or one for all keys (...,1), with columns of zeros after the keys'. */
function withColumns(mask: Tensor, keys: number, count: number): Tensor {
  const whole = mask.rank === 0 ? reshape(mask, [1]) : mask;
  const lead = whole.shape.slice(0, -1);
  const full = whole.shape.at(-1) === keys ? whole : tile(whole, [...lead.map(() => 1), keys]);
  return cat([full, zeros([...lead, count])], -1);
}
