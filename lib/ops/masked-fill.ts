import { record } from '../autograd.js';
import { expected, shapeText } from '../check.js';
import { WHERE } from '../native.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { runTernary } from './binary.js';
import { checkTensor } from './check-tensor.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/**
 * `value` where `mask` is not 0, else `x`. No gradient passes where `value` stands.
 *
 * @param mask int32, such as a comparison gives, that broadcasts to the shape of `x`
 * @param value any number that the dtype holds, infinities too
 * @throws TypeError when the mask does not broadcast
 * @see `torch.Tensor.masked_fill`
 */
export function maskedFill<T extends Tensor>(x: T, mask: Tensor, value: number): T {
  checkTensor(x, 'maskedFill input', { dtype: x?.dtype });
  checkTensor(mask, 'maskedFill mask', { dtype: 'int32' });
  if (typeof value !== 'number') throw expected('a number', 'maskedFill value', value);
  const { shape } = x;
  const ahead = shape.length - mask.rank;
  if (ahead < 0 || !mask.shape.every((size, axis) => size === 1 || size === shape[axis + ahead])) {
    throw expected(`a mask that broadcasts to ${shapeText(shape)}`, 'maskedFill', mask);
  }
  return record('maskedFill', filled(x, mask, value), [x], [mask], (dy, grads, [saved]) => {
    const dx = filled(dy, saved as Tensor, 0); // saved above
    grads.pass(0, dx);
    dx.dispose();
  });
}

function filled<T extends Tensor>(x: T, mask: Tensor, value: number): T {
  const number = fill(empty([], x.dtype), value);
  const y = runTernary(WHERE, mask, number, x, x.shape);
  number.dispose();
  return y as T; // of its dtype
}
