import { record } from '../autograd.js';
import { checkArray, checkInteger, expected } from '../check.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';
import { emptyOf } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/**
 * `x` repeated along each axis.
 *
 * @param repeats how often, an axis each, aligned at the last; more entries than axes put new axes in front
 * @throws TypeError for more than 8 axes in all
 * @see `torch.tile`
 */
export function tile<T extends Tensor>(x: T, repeats: readonly number[]): T {
  checkTensor(x, 'tile input', { dtype: x?.dtype });
  const given = checkArray(repeats, 'an array of numbers', 'tile repeats').map((repeat) =>
    checkInteger(repeat, 'tile repeats'),
  );
  const rank = Math.max(x.rank, given.length);
  const times = [...new Array<number>(rank - given.length).fill(1), ...given];
  const sizes = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const shape = sizes.map((size, axis) => size * times[axis]);
  // Each axis becomes (repeat, size); axes that are not repeated stay one, to keep within eight.
  const split: { size: number; strideX: number; repeat: boolean }[] = [];
  const stridesX = stridesOf(sizes);
  for (const [axis, size] of sizes.entries()) {
    const repeat = times[axis];
    if (repeat !== 1) split.push({ size: repeat, strideX: 0, repeat: true });
    if (size !== 1 || repeat === 1) split.push({ size, strideX: stridesX[axis], repeat: false });
  }
  if (split.length > 8) throw expected('at most 8 axes, repeated ones counting twice', 'tile', repeats);
  const splitShape = split.map((part) => part.size);
  const y = emptyOf(x, shape);
  copyStrided(y, x, { shape: splitShape, stridesX: split.map((part) => part.strideX) });
  return record('tile', y, [x], [], (dy, grads) => {
    const { grad, accumulate } = grads.target(0);
    const kept = split.map((part) => (part.repeat ? 0 : 1));
    native.sum({ y: grad, x: dy, shape: splitShape, kept, scale: 1, accumulate });
  });
}
