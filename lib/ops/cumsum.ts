import { record } from '../autograd.js';
import { checkDim, sizeOf } from '../check.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { emptyOf } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/**
 * For each element the sum of those up to and with it along an axis; of int32, which stays int32, it may wrap around.
 *
 * @param dim the axis, counted from the end when negative
 * @throws TypeError for an axis that `x` has not
 * @see `torch.cumsum`
 */
export function cumsum<T extends Tensor>(x: T, dim: number): T {
  checkTensor(x, 'cumsum input', { dtype: x?.dtype });
  const shape = x.rank === 0 ? [1] : x.shape;
  const axis = checkDim(dim, shape.length, 'cumsum dim');
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const run = <S extends Tensor>(from: S, backwards: boolean): S => {
    const y = emptyOf(from, from.shape);
    native.cumsum({ y, x: from, outer, size: shape[axis], inner, backwards, integers: from.dtype === 'int32' });
    return y;
  };
  return record('cumsum', run(x, false), [x], [], (dy, grads) => {
    const dx = run(dy, true);
    grads.pass(0, dx);
    dx.dispose();
  });
}
