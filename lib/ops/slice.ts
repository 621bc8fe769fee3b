import { checkArray, checkDim, checkInteger, expected } from '../check.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { takeView, wholeOf } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: parts of one axis. */

/**
 * The part [start, end) of one axis, copied.
 *
 * @param dim the axis, counted from the end when negative
 * @param start first position; negative counts from the end
 * @param end position after the last; negative counts from the end. Default: the axis's size.
 * @throws TypeError when the range leaves the axis
 * @see `x[:, start:end]`
 */
export function slice<T extends Tensor>(x: T, dim: number, start: number, end?: number): T {
  checkTensor(x, 'slice input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'slice dim');
  const length = lengthOf(x, axis);
  const from = checkInteger(fromEnd(start, length), 'slice start', 0, length);
  const to = end === undefined ? length : checkInteger(fromEnd(end, length), 'slice end', from, length);
  return part('slice', x, axis, from, to - from);
}

/**
 * `length` positions of one axis from `start` on, copied.
 *
 * @param dim the axis, counted from the end when negative
 * @param start first position; negative counts from the end
 * @throws TypeError when the range leaves the axis
 * @see `torch.narrow`
 */
export function narrow<T extends Tensor>(x: T, dim: number, start: number, length: number): T {
  checkTensor(x, 'narrow input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'narrow dim');
  const size = lengthOf(x, axis);
  const from = checkInteger(fromEnd(start, size), 'narrow start', 0, size);
  return part('narrow', x, axis, from, checkInteger(length, 'narrow length', 0, size - from));
}

/**
 * One position of an axis, which goes, copied.
 *
 * @param dim the axis, counted from the end when negative
 * @param index the position; negative counts from the end
 * @throws TypeError for a position that the axis has not
 * @see `torch.select`, `x[:, index]`
 */
export function select<T extends Tensor>(x: T, dim: number, index: number): T {
  checkTensor(x, 'select input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'select dim');
  return selected('select', x, axis, checkDim(index, lengthOf(x, axis), 'select index'));
}

/**
 * An axis in pieces of one size, the last of which may be smaller, or of the given sizes; copied.
 *
 * @param sizes of each piece, or of every one, which add up to the axis
 * @param dim the axis, counted from the end when negative. Default 0.
 * @throws TypeError when the sizes do not add up
 * @see `torch.split`
 */
export function split<T extends Tensor>(x: T, sizes: number | readonly number[], dim = 0): T[] {
  checkTensor(x, 'split input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'split dim');
  const length = lengthOf(x, axis);
  if (typeof sizes === 'number') {
    // Pieces of nothing make up nothing alone.
    checkInteger(sizes, 'split sizes', length === 0 ? 0 : 1);
    return pieces('split', x, axis, equalSizes(length, sizes));
  }
  return pieces('split', x, axis, checkSizes(sizes, length));
}

/**
 * An axis in so many pieces of one size, copied. The last one may be smaller, and there may be fewer.
 *
 * @param dim the axis, counted from the end when negative. Default 0.
 * @throws TypeError for an axis that `x` has not
 * @see `torch.chunk`
 */
export function chunk<T extends Tensor>(x: T, chunks: number, dim = 0): T[] {
  checkTensor(x, 'chunk input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'chunk dim');
  const count = checkInteger(chunks, 'chunk chunks', 1);
  const length = lengthOf(x, axis);
  const sizes = length === 0 ? new Array<number>(count).fill(0) : equalSizes(length, Math.ceil(length / count));
  return pieces('chunk', x, axis, sizes);
}

/**
 * Each position of an axis as a tensor of its own, without that axis; copied.
 *
 * @param dim the axis, counted from the end when negative. Default 0.
 * @throws TypeError for an axis that `x` has not
 * @see `torch.unbind`
 */
export function unbind<T extends Tensor>(x: T, dim = 0): T[] {
  checkTensor(x, 'unbind input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'unbind dim');
  return Array.from({ length: lengthOf(x, axis) }, (_, index) => selected('unbind', x, axis, index));
}

function lengthOf(x: Tensor, axis: number): number {
  return x.shape[axis];
}

function fromEnd(at: unknown, length: number): unknown {
  return typeof at === 'number' && at < 0 ? at + length : at;
}

function part<T extends Tensor>(name: string, x: T, axis: number, from: number, length: number): T {
  const { shape, strides } = wholeOf(x);
  const offset = from * strides[axis];
  return takeView(name, x, { shape: shape.with(axis, length), strides, offset });
}

function selected<T extends Tensor>(name: string, x: T, axis: number, index: number): T {
  const { shape, strides } = wholeOf(x);
  const offset = index * strides[axis];
  return takeView(name, x, { shape: shape.toSpliced(axis, 1), strides: strides.toSpliced(axis, 1), offset });
}

/** Sizes of pieces of `size` that make up `length`; one at least. */
function equalSizes(length: number, size: number): number[] {
  const count = Math.max(1, Math.ceil(length / Math.max(1, size)));
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

function checkSizes(sizes: unknown, length: number): number[] {
  const wanted = checkArray(sizes, 'a size or an array of sizes', 'split sizes').map((size) =>
    checkInteger(size, 'split sizes'),
  );
  const total = wanted.reduce((sum, size) => sum + size, 0);
  if (total !== length) throw expected(`sizes that add up to ${length}`, 'split', wanted);
  return wanted;
}

function pieces<T extends Tensor>(name: string, x: T, axis: number, sizes: readonly number[]): T[] {
  let from = 0;
  return sizes.map((size) => {
    from += size;
    return part(name, x, axis, from - size, size);
  });
}
