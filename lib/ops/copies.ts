import { isRecording, record } from '../autograd.js';
import { checkOneOf } from '../check.js';
import { type DType, empty, type Tensor } from '../tensor.js';
import { DTYPES } from '../tensor-values.js';
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
 * where PyTorch leaves the last two to the CPU. To bfloat16, numbers are rounded to the nearest. Floats have a gradient.
 *
 * @throws TypeError for another dtype
 * @see `Tensor.to`
 */
export function to<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  checkTensor(x, 'to input', { dtype: x?.dtype });
  checkOneOf(dtype, 'to dtype', DTYPES);
  if (x.dtype !== dtype) {
    const y = cast(x, dtype);
    const isFloat = x.dtype !== 'int32' && dtype !== 'int32';
    return isFloat ? record('to', y, [x], [], (dy, grads) => grads.pass(0, dy)) : y;
  }
  return record('to', x.view(x.shape, isRecording()), [x], [], (dy, grads) => grads.pass(0, dy)) as Tensor<D>; // asked above
}

/**
 * The elements as float32: `to(x, 'float32')`.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.Tensor.float`
 */
export function float(x: Tensor): Tensor<'float32'> {
  return to(x, 'float32');
}

/**
 * The elements as bfloat16, rounded to the nearest: `to(x, 'bfloat16')`.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.Tensor.bfloat16`
 */
export function bfloat16(x: Tensor): Tensor<'bfloat16'> {
  return to(x, 'bfloat16');
}
