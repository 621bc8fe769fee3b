import { record } from '../autograd.js';
import { checkArray, checkDim, checkInteger, checkRank, expected, shapeText, sizeOf } from '../check.js';
import { native } from '../native.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { passSummed } from './binary.js';
import { broadcastStrides } from './broadcast.js';
import { checkTensor } from './check-tensor.js';
import { tensor } from './creation.js';
import { indexSelect } from './gather.js';
import { reshape } from './reshape.js';
import { tile } from './tile.js';
import { copyView } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: elements that come again. */

/**
 * Axes of size 1 repeated to the sizes given, copied.
 *
 * @param shape sizes; -1 keeps an axis, and more of them than axes put new ones in front
 * @throws TypeError for other sizes of an axis that is not 1
 * @see `torch.Tensor.expand(...).contiguous()`
 */
export function expand<T extends Tensor>(x: T, shape: readonly number[]): T {
  checkTensor(x, 'expand input', { dtype: x?.dtype });
  return expanded('expand', x, checkArray(shape, 'an array of sizes', 'expand'));
}

/**
 * `expand` to the shape of another tensor.
 *
 * @throws TypeError when `x` does not broadcast to it
 * @see `torch.Tensor.expand_as`
 */
export function expandAs<T extends Tensor>(x: T, other: Tensor): T {
  checkTensor(x, 'expandAs input', { dtype: x?.dtype });
  checkTensor(other, 'expandAs other', { dtype: other?.dtype });
  return expanded('expandAs', x, other.shape);
}

function expanded<T extends Tensor>(name: string, x: T, wanted: readonly unknown[]): T {
  checkRank(wanted.length, name);
  const ahead = wanted.length - x.rank;
  const own = x.shape;
  const shape = wanted.map((size, axis) => {
    const had = own[axis - ahead];
    const to = size === -1 && had !== undefined ? had : checkInteger(size, `a size in ${name}`);
    if (had !== undefined && had !== 1 && had !== to)
      throw expected(`sizes that ${shapeText(own)} expands to`, name, wanted);
    return to;
  });
  if (ahead < 0) throw expected(`at least ${x.rank} sizes`, name, wanted);
  const y = copyView(x, { shape, strides: broadcastStrides(own, shape), offset: 0 });
  return record(name, y, [x], [], (dy, grads) => passSummed(grads, 0, dy, own));
}

/**
 * `x` repeated along each axis.
 *
 * @param repeats how often, an axis each; more entries than axes put new axes in front
 * @throws TypeError for fewer entries than axes
 * @see `torch.Tensor.repeat`
 */
export function repeat<T extends Tensor>(x: T, repeats: readonly number[]): T {
  checkTensor(x, 'repeat input', { dtype: x?.dtype });
  const counts = checkArray(repeats, 'an array of numbers', 'repeat repeats');
  if (counts.length < x.rank) throw expected(`at least ${x.rank} numbers`, 'repeat repeats', repeats);
  return tile(x, repeats);
}

/**
 * Each element repeated in its place.
 *
 * @param repeats how often, or an array with a number for each position of the axis
 * @param dim the axis, counted from the end when negative. Default: of `x` as one axis.
 * @throws TypeError for numbers that are no counts, or as many as positions are not. A tensor of them is refused: the
 *   result's shape would follow from values that are not computed yet.
 * @see `torch.repeat_interleave`
 */
export function repeatInterleave<T extends Tensor>(x: T, repeats: number | readonly number[], dim?: number): T {
  checkTensor(x, 'repeatInterleave input', { dtype: x?.dtype });
  const own = x.shape;
  const shape = dim === undefined ? [x.size] : own;
  const axis = checkDim(dim === undefined ? 0 : dim, shape.length, 'repeatInterleave dim');
  const size = shape[axis];
  const where = 'repeatInterleave repeats';
  if (typeof repeats !== 'number') {
    const counts = checkArray(repeats, 'a number or an array of numbers', where).map((one) => checkInteger(one, where));
    if (counts.length !== size) throw expected(`${size} numbers`, where, repeats);
    const at = counts.flatMap((count, i) => new Array<number>(count).fill(i));
    return scope(() => indexSelect(reshape(x, shape), axis, tensor(Int32Array.from(at))));
  }
  const count = checkInteger(repeats, where);
  const inner = sizeOf(shape.slice(axis + 1));
  const walk = [sizeOf(shape.slice(0, axis)), size, count, inner];
  const copied = copyView(x, { shape: walk, strides: [size * inner, inner, 0, 1], offset: 0 });
  const y = copied.alias(shape.with(axis, size * count)) as T; // of its dtype
  copied.dispose();
  return record('repeatInterleave', y, [x], [], (dy, grads) => {
    const { grad, accumulate } = grads.target(0);
    native.sum({ y: grad, x: dy, shape: walk, kept: [1, 1, 0, 1], scale: 1, accumulate });
  });
}
