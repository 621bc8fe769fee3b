import { sumOf } from '../ops/binary.js';
import { to } from '../ops/copies.js';
import { wide } from '../ops/wide.js';
import { productDtype } from '../precision.js';
import type { Tensor } from '../tensor.js';

/**
 * The sums that pass from block to block. Under `autocast('bf16')` each is computed in float32 and stored as bfloat16,
 * rounded once: a block keeps two of them for backward, at half the size.
 */

/** Tokens as blocks hand them on. */
export function toStream(x: Tensor): Tensor {
  return productDtype() === 'bfloat16' && x.dtype === 'float32' ? to(x, 'bfloat16') : x;
}

/** What leaves the blocks, in float32, as whoever pools it wants it. */
export function fromStream(x: Tensor): Tensor {
  return wide(x);
}

/** x + branch, stored as x is, whatever the branch is; the branch broadcasts. */
export function addToStream(x: Tensor, branch: Tensor): Tensor {
  return sumOf(x, branch, x.dtype);
}
