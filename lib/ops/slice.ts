import { record } from '../autograd.js';
import { checkDim, checkInteger } from '../check.js';
import { native } from '../native.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';

/**
 * The part [start, end) of one axis, copied.
 *
 * @param dim the axis, counted from the end when negative
 * @param start first position; negative counts from the end
 * @param end position after the last; negative counts from the end. Default: the axis's size.
 * @throws TypeError when the range leaves the axis
 * Counterpart: `x[:, start:end]`.
 */
export function slice(x: Tensor, dim: number, start: number, end?: number): Tensor {
  checkTensor(x, 'slice input', { dtype: x?.dtype });
  const axis = checkDim(dim, x.rank, 'slice dim');
  const length = x.shape[axis];
  const position = (at: unknown): unknown => (typeof at === 'number' && at < 0 ? at + length : at);
  const from = checkInteger(position(start), 'slice start', 0, length);
  const to = end === undefined ? length : checkInteger(position(end), 'slice end', from, length);
  const shape = x.shape.with(axis, to - from);
  const strides = stridesOf(x.shape);
  const offset = from * strides[axis];
  const y = empty(shape, x.dtype);
  native.stridedCopy(y.handle, x.handle, shape, stridesOf(shape), strides, 0, offset, false);
  return record('slice', y, [x], [], (dy, grads) => {
    const { grad, accumulate } = grads.target(0);
    if (!accumulate) fill(grad, 0);
    native.stridedCopy(grad.handle, dy.handle, shape, strides, stridesOf(shape), offset, 0, true);
  });
}
