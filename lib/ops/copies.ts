import { isRecording, record } from '../autograd.js';
import { checkOneOf } from '../check.js';
import { type DType, empty, type Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { checkTensor } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/**
 * A tensor of the same elements, in memory of its own. Differentiable.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.clone`
 */
export function clone<T extends Tensor>(x: T): T {
  checkTensor(x, 'clone input', { dtype: x?.dtype });
  const y = empty(x.shape, x.dtype);
  copyStrided(y, x, { shape: [x.size] });
  return record('clone', y, [x], [], (dy, grads) => grads.pass(0, dy)) as T; // of its dtype
}

/**
 * The elements in a dtype: those of `x` itself where it is of that dtype, sharing memory.
 *
 * To int32, what is after the point is left out, what is too large becomes the nearest there is, and NaN becomes 0;
 * where PyTorch leaves the last two to the CPU. Only what stays float32 has a gradient.
 *
 * @throws TypeError for another dtype
 * @see `Tensor.to`
 */
export function to<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  checkTensor(x, 'to input', { dtype: x?.dtype });
  checkOneOf(dtype, 'to dtype', ['float32', 'int32']);
  if (x.dtype !== dtype) return cast(x, dtype);
  return record('to', x.view(x.shape, isRecording()), [x], [], (dy, grads) => grads.pass(0, dy)) as Tensor<D>; // asked above
}
