import { record } from '../autograd.js';
import { checkDim, expected } from '../check.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';

/**
 * Tensors one after the other along an existing axis.
 *
 * @param tensors at least one, of one dtype, alike in all axes but `dim`
 * @param dim the axis, counted from the end when negative. Default 0.
 * @throws TypeError when shapes or dtypes do not go together
 * Counterpart: `torch.cat`.
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = Array.isArray(tensors) ? (tensors as readonly Tensor[])[0] : undefined;
  if (first === undefined) throw expected('an array of at least one tensor', 'cat', tensors);
  checkTensor(first, 'cat', { dtype: first?.dtype, minRank: 1 });
  const axis = checkDim(dim, first.rank, 'cat dim');
  const wanted = first.shape.map((size, i) => (i === axis ? null : size));
  for (const item of tensors) checkTensor(item, 'cat', { dtype: first.dtype, shape: wanted });
  const lengths = tensors.map((item) => item.shape[axis]);
  const starts: number[] = [];
  let total = 0;
  for (const length of lengths) {
    starts.push(total);
    total += length;
  }
  const shape = first.shape.with(axis, total);
  const y = empty(shape, first.dtype);
  const strides = stridesOf(shape);
  const step = strides[axis];
  for (const [i, item] of tensors.entries()) {
    const offset = starts[i] * step;
    native.stridedCopy(y.handle, item.handle, item.shape, strides, stridesOf(item.shape), offset, 0, false);
  }
  const shapes = tensors.map((item) => item.shape);
  return record('cat', y, tensors, [], (dy, grads) => {
    for (const [i, part] of shapes.entries()) {
      if (!grads.wants(i)) continue;
      const { grad, accumulate } = grads.target(i);
      const offset = starts[i] * step;
      native.stridedCopy(grad.handle, dy.handle, part, stridesOf(part), strides, 0, offset, accumulate);
    }
  });
}
