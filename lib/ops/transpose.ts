import { record } from '../autograd.js';
import { checkArray, checkDim, checkDims, checkInteger, expected } from '../check.js';
import type { Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';
import { copyView, emptyOf, wholeOf } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: the same elements in another order. */

/**
 * The axes of `x` in another order, copied.
 *
 * @param order each axis of `x` once; negative counts from the end
 * @throws TypeError when `order` is no permutation
 * @see `torch.permute(...).contiguous()`
 */
export function permute<T extends Tensor>(x: T, order: readonly number[]): T {
  checkTensor(x, 'permute input', { dtype: x?.dtype });
  const axes = checkArray(order, 'an array of axes', 'permute order').map((axis) =>
    checkDim(axis, x.rank, 'permute order'),
  );
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw expected(`each of ${x.rank} axes once`, 'permute order', order);
  }
  return permuted('permute', x, axes);
}

/**
 * Two axes of `x` swapped, copied. (`matmul` reads a transposed operand in place: see its `transposeA`.)
 *
 * @throws TypeError when `x` has not these axes
 * @see `torch.transpose(...).contiguous()`
 */
export function transpose<T extends Tensor>(x: T, dim0: number, dim1: number): T {
  checkTensor(x, 'transpose input', { dtype: x?.dtype });
  const a = checkDim(dim0, x.rank, 'transpose dim0');
  const b = checkDim(dim1, x.rank, 'transpose dim1');
  return permute(
    x,
    x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
  );
}

/**
 * Some axes at other places, the others in their order; copied.
 *
 * @param source an axis or several, counted from the end when negative
 * @param destination where each of them will be
 * @throws TypeError when `x` has not these axes, or for other numbers of them
 * @see `torch.movedim(...).contiguous()`
 */
export function movedim<T extends Tensor>(
  x: T,
  source: number | readonly number[],
  destination: number | readonly number[],
): T {
  checkTensor(x, 'movedim input', { dtype: x?.dtype });
  const from = checkDims(source, x.rank, 'movedim source');
  const to = checkDims(destination, x.rank, 'movedim destination');
  if (from.length !== to.length) throw expected('as many axes as source', 'movedim destination', destination);
  const order = x.shape.map((_, axis) => axis).filter((axis) => !from.includes(axis));
  const moves = from.map((axis, i) => ({ axis, at: to[i] })).sort((a, b) => a.at - b.at);
  for (const { axis, at } of moves) order.splice(at, 0, axis);
  return permuted('movedim', x, order);
}

function permuted<T extends Tensor>(name: string, x: T, axes: readonly number[]): T {
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return record(name, inOrder(x, axes), [x], [], (dy, grads) => {
    const dx = inOrder(dy, inverse);
    grads.pass(0, dx);
    dx.dispose();
  });
}

function inOrder<T extends Tensor>(x: T, order: readonly number[]): T {
  const { shape, strides, offset } = wholeOf(x);
  const pick = (sizes: readonly number[]): number[] => order.map((axis) => sizes[axis]); // axes of x
  return copyView(x, { shape: pick(shape), strides: pick(strides), offset });
}

/**
 * Backwards along some axes, copied.
 *
 * @param dims an axis or several, counted from the end when negative
 * @throws TypeError for an axis that `x` has not, or one named twice
 * @see `torch.flip`
 */
export function flip<T extends Tensor>(x: T, dims: number | readonly number[]): T {
  checkTensor(x, 'flip input', { dtype: x?.dtype });
  const axes = checkDims(dims, x.rank, 'flip dims');
  return record('flip', flipped(x, axes), [x], [], (dy, grads) => {
    const dx = flipped(dy, axes);
    grads.pass(0, dx);
    dx.dispose();
  });
}

function flipped<T extends Tensor>(x: T, axes: readonly number[]): T {
  const view = wholeOf(x);
  for (const axis of axes) {
    const stride = view.strides[axis];
    view.offset += stride * Math.max(0, view.shape[axis] - 1);
    view.strides[axis] = -stride;
  }
  return copyView(x, view);
}

/**
 * Moved on along some axes; what goes over the end comes in at the start. Copied.
 *
 * @param shifts by how many positions, a number for each axis; negative ones move back
 * @param dims an axis or several, counted from the end when negative. Default: as though `x` had one axis.
 * @throws TypeError for axes that `x` has not, or as many shifts as axes are not
 * @see `torch.roll`
 */
export function roll<T extends Tensor>(x: T, shifts: number | readonly number[], dims?: number | readonly number[]): T {
  checkTensor(x, 'roll input', { dtype: x?.dtype });
  const steps = [shifts].flat().map((shift) => checkInteger(shift, 'roll shifts', Number.MIN_SAFE_INTEGER));
  const rank = dims === undefined ? 1 : x.rank;
  const axes = [dims === undefined ? 0 : dims].flat().map((dim) => checkDim(dim, rank, 'roll dims')); // one named twice moves twice
  if (steps.length !== axes.length || steps.length === 0) {
    throw expected(dims === undefined ? 'one number' : 'a number for each axis', 'roll shifts', shifts);
  }
  const shape = dims === undefined ? [x.size] : x.shape;
  const moves = axes.map((axis, i) => ({ axis, by: steps[i] }));
  return record('roll', rolled(x, shape, moves), [x], [], (dy, grads) => {
    const back = moves.map(({ axis, by }) => ({ axis, by: -by }));
    const dx = rolled(dy, shape, back);
    grads.pass(0, dx);
    dx.dispose();
  });
}

/** `x` under `shape`, moved along each axis in turn; of the shape that `x` has. */
function rolled<T extends Tensor>(x: T, shape: readonly number[], moves: readonly { axis: number; by: number }[]): T {
  const strides = stridesOf(shape);
  let y = x;
  for (const { axis, by } of moves) {
    const from = y;
    const size = shape[axis];
    const first = size === 0 ? 0 : ((by % size) + size) % size;
    const step = strides[axis];
    y = emptyOf(x, x.shape);
    const copy = (length: number, to: number, at: number): void => {
      const walk = { shape: shape.with(axis, length), stridesY: strides, stridesX: strides };
      copyStrided(y, from, { ...walk, offsetY: to * step, offsetX: at * step });
    };
    copy(size - first, first, 0);
    copy(first, 0, size - first);
    if (from !== x) from.dispose();
  }
  return y;
}
