import { record } from '../autograd.js';
import { checkDim, checkShape, expected, sizeOf } from '../check.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';

function permuted(x: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]);
  const y = empty(shape, x.dtype);
  const stridesX = order.map((axis) => strides[axis]);
  native.stridedCopy(y.handle, x.handle, shape, stridesOf(shape), stridesX, 0, 0, false);
  return y;
}

/**
 * The axes of `x` in another order, copied.
 *
 * @param order each axis of `x` once; negative counts from the end
 * @throws TypeError when `order` is no permutation
 * Counterpart: `torch.permute(...).contiguous()`.
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  checkTensor(x, 'permute input', { dtype: x?.dtype });
  if (!Array.isArray(order)) throw expected('an array of axes', 'permute order', order);
  const axes: number[] = order.map((axis) => checkDim(axis, x.rank, 'permute order'));
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw expected(`each of ${x.rank} axes once`, 'permute order', order);
  }
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return record('permute', permuted(x, axes), [x], [], (dy, grads) => {
    const dx = permuted(dy, inverse);
    grads.pass(0, dx);
    dx.dispose();
  });
}

/**
 * Two axes of `x` swapped, copied. (`matmul` reads a transposed operand in place: see its `transposeA`.)
 *
 * @throws TypeError when `x` has not these axes
 * Counterpart: `torch.transpose(...).contiguous()`.
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  checkTensor(x, 'transpose input', { dtype: x?.dtype });
  const a = checkDim(dim0, x.rank, 'transpose dim0');
  const b = checkDim(dim1, x.rank, 'transpose dim1');
  return permute(
    x,
    x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
  );
}

/**
 * The same elements under another shape; shares memory.
 *
 * @param shape sizes; one may be -1 and is then inferred
 * @throws TypeError when the number of elements differs
 * Counterpart: `torch.reshape`.
 */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor(x, 'reshape input', { dtype: x?.dtype });
  if (!Array.isArray(shape)) throw expected('an array of sizes', 'reshape', shape);
  const known = sizeOf(shape.filter((size) => size !== -1));
  const inferred: number[] = shape.map((size) => (size === -1 ? x.size / known : size));
  const legal = inferred.every((size) => Number.isInteger(size) && size >= 0) && sizeOf(inferred) === x.size;
  if (!legal || shape.filter((size) => size === -1).length > 1) {
    throw expected(`a shape of ${x.size} elements`, 'reshape', shape);
  }
  return record('reshape', x.alias(checkShape(inferred, 'reshape')), [x], [], (dy, grads) => grads.pass(0, dy));
}
