import { record } from '../autograd.js';
import { checkNumber } from '../check.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { type Arithmetic, binary, runInt32, sumOf, withOperands } from './binary.js';
import { cast } from './cast.js';
import { checkTensor } from './check-tensor.js';

/**
 * What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. Shapes broadcast as NumPy's do,
 * and `b` may be a number. Of int32 with int32 or a whole number they are int32, and wrap around where they leave its
 * range; int32 with float32, or with another number, counts as float32: PyTorch's promotion.
 */

/**
 * a + b, broadcasting. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.add`
 */
export function add<T extends Tensor>(a: T, b: Tensor | number): Arithmetic<T> {
  checkTensor(a, 'add', { dtype: a?.dtype });
  if (typeof b === 'number' && a.dtype !== 'int32') return affine('add', a, 1, checkNumber(b, 'add')) as Arithmetic<T>;
  if (typeof b === 'number') checkNumber(b, 'add');
  return withOperands(a, b, 'add', (x, y, dtype) =>
    dtype === 'int32' ? runInt32('add', x, y) : sumOf(x, y),
  ) as Arithmetic<T>; // promoted so
}

/**
 * a * b, broadcasting. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.mul`
 */
export function mul<T extends Tensor>(a: T, b: Tensor | number): Arithmetic<T> {
  checkTensor(a, 'mul', { dtype: a?.dtype });
  if (typeof b === 'number' && a.dtype !== 'int32') return affine('mul', a, checkNumber(b, 'mul'), 0) as Arithmetic<T>;
  return binary('mul', a, b) as Arithmetic<T>; // promoted so
}

/**
 * a - b, broadcasting. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.sub`
 */
export function sub<T extends Tensor>(a: T, b: Tensor | number): Arithmetic<T> {
  return binary('sub', a, b) as Arithmetic<T>; // promoted so
}

/**
 * a / b, broadcasting. `b` may be a number. Of integers too it is float32.
 *
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.div`
 */
export function div(a: Tensor, b: Tensor | number): Tensor<'float32'> {
  checkTensor(a, 'div', { dtype: a?.dtype });
  if (a.dtype !== 'int32') return binary('div', a, b) as Tensor<'float32'>; // promoted so
  const dividend = cast(a, 'float32');
  const y = binary('div', dividend, b) as Tensor<'float32'>; // promoted so
  dividend.dispose();
  return y;
}

/**
 * The smaller of a and b, broadcasting; NaN where one is. Equal ones share the gradient. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.minimum`
 */
export function minimum<T extends Tensor>(a: T, b: Tensor | number): Arithmetic<T> {
  return binary('minimum', a, b) as Arithmetic<T>; // promoted so
}

/**
 * The larger of a and b, broadcasting; NaN where one is. Equal ones share the gradient. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.maximum`
 */
export function maximum<T extends Tensor>(a: T, b: Tensor | number): Arithmetic<T> {
  return binary('maximum', a, b) as Arithmetic<T>; // promoted so
}

/**
 * a log b, broadcasting; 0 where a is 0, even for a b of 0, and NaN where b is. `b` may be a number.
 *
 * @throws TypeError unless `a` is float32 and the shapes broadcast
 * @see `torch.xlogy`
 */
export function xlogy(a: Tensor, b: Tensor | number): Tensor<'float32'> {
  return binary('xlogy', checkTensor(a, 'xlogy'), b) as Tensor<'float32'>; // of float32
}

/** a * x + b with numbers a and b. */
function affine(name: string, x: Tensor, a: number, b: number): Tensor {
  const y = empty(x.shape, x.dtype);
  native.affine({ y, x, count: x.size, a, b });
  return record(name, y, [x], [], (dy, grads) => {
    if (a === 1) {
      grads.pass(0, dy);
      return;
    }
    const dx = empty(dy.shape, dy.dtype);
    native.affine({ y: dx, x: dy, count: dy.size, a, b: 0 });
    grads.pass(0, dx);
    dx.dispose();
  });
}
