import { checkDim, checkDims, checkShape, expected, sizeOf } from '../check.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { underShape } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: other shapes of the same memory. */

/**
 * The same elements under another shape; shares memory.
 *
 * @param shape sizes; one may be -1 and is then inferred
 * @throws TypeError when the number of elements differs
 * @see `torch.reshape`
 */
export function reshape<T extends Tensor>(x: T, shape: readonly number[]): T {
  checkTensor(x, 'reshape input', { dtype: x?.dtype });
  return underShape('reshape', x, inferred(shape, x.size, 'reshape'));
}

/**
 * Without axes of size 1: all of them, or those of `dim` that are; shares memory.
 *
 * @param dim an axis or several, counted from the end when negative. Default: all.
 * @throws TypeError for an axis that `x` has not
 * @see `torch.squeeze`
 */
export function squeeze<T extends Tensor>(x: T, dim?: number | readonly number[]): T {
  checkTensor(x, 'squeeze input', { dtype: x?.dtype });
  const axes = dim === undefined ? x.shape.map((_, axis) => axis) : checkDims(dim, Math.max(1, x.rank), 'squeeze dim');
  const gone = new Set(axes);
  return underShape(
    'squeeze',
    x,
    x.shape.filter((size, axis) => size !== 1 || !gone.has(axis)),
  );
}

/**
 * With one more axis, of size 1; shares memory.
 *
 * @param dim where it will be; negative counts from the end, -1 being after all axes
 * @throws TypeError for a place that the result has not
 * @see `torch.unsqueeze`
 */
export function unsqueeze<T extends Tensor>(x: T, dim: number): T {
  checkTensor(x, 'unsqueeze input', { dtype: x?.dtype });
  return underShape('unsqueeze', x, x.shape.toSpliced(checkDim(dim, x.rank + 1, 'unsqueeze dim'), 0, 1));
}

/**
 * Neighbouring axes as one; shares memory. A tensor without axes gets one.
 *
 * @param startDim the first of them, counted from the end when negative. Default 0.
 * @param endDim the last of them. Default -1.
 * @throws TypeError for axes that `x` has not, or a last one before the first
 * @see `torch.flatten`
 */
export function flatten<T extends Tensor>(x: T, startDim = 0, endDim = -1): T {
  checkTensor(x, 'flatten input', { dtype: x?.dtype });
  const shape = x.rank === 0 ? [1] : x.shape;
  const first = checkDim(startDim, shape.length, 'flatten startDim');
  const last = checkDim(endDim, shape.length, 'flatten endDim');
  if (last < first) throw expected('an axis that is not before startDim', 'flatten endDim', endDim);
  const size = sizeOf(shape.slice(first, last + 1));
  return underShape('flatten', x, shape.toSpliced(first, last + 1 - first, size));
}

/**
 * One axis as several; shares memory.
 *
 * @param dim the axis, counted from the end when negative
 * @param sizes of the new axes; one may be -1 and is then inferred
 * @throws TypeError when the sizes do not make up the axis
 * @see `torch.unflatten`
 */
export function unflatten<T extends Tensor>(x: T, dim: number, sizes: readonly number[]): T {
  checkTensor(x, 'unflatten input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'unflatten dim');
  const length = x.shape[axis];
  return underShape('unflatten', x, x.shape.toSpliced(axis, 1, ...inferred(sizes, length, 'unflatten')));
}

/** A shape of so many elements, with a -1 in it replaced. */
function inferred(shape: unknown, elements: number, where: string): number[] {
  if (!Array.isArray(shape)) throw expected('an array of sizes', where, shape);
  const sizes: readonly number[] = shape; // each is checked below
  const known = sizeOf(sizes.filter((size) => size !== -1));
  const whole = sizes.map((size) => (size === -1 ? elements / known : size));
  const legal = whole.every((size) => Number.isInteger(size) && size >= 0) && sizeOf(whole) === elements;
  if (!legal || sizes.filter((size) => size === -1).length > 1) {
    throw expected(`a shape of ${elements} elements`, where, shape);
  }
  return checkShape(whole, where);
}
