import type { Tensor } from '../tensor.js';
import { compare } from './binary.js';

/**
 * What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. Integers are compared as such;
 * int32 with float32, or with a number that is not whole, counts as float32.
 */

/**
 * Whether a == b, element by element, broadcasting as NumPy does; NaN equals nothing. `b` may be a number.
 *
 * @returns int32, 1 where it holds and 0 elsewhere
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.eq`
 */
export function eq(a: Tensor, b: Tensor | number): Tensor<'int32'> {
  return compare('eq', a, b);
}

/**
 * Whether a != b, element by element, broadcasting as NumPy does. `b` may be a number.
 *
 * @returns int32, 1 where it holds and 0 elsewhere
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.ne`
 */
export function ne(a: Tensor, b: Tensor | number): Tensor<'int32'> {
  return compare('ne', a, b);
}

/**
 * Whether a < b, element by element, broadcasting as NumPy does. `b` may be a number.
 *
 * @returns int32, 1 where it holds and 0 elsewhere
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.lt`
 */
export function lt(a: Tensor, b: Tensor | number): Tensor<'int32'> {
  return compare('lt', a, b);
}

/**
 * Whether a <= b, element by element, broadcasting as NumPy does. `b` may be a number.
 *
 * @returns int32, 1 where it holds and 0 elsewhere
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.le`
 */
export function le(a: Tensor, b: Tensor | number): Tensor<'int32'> {
  return compare('le', a, b);
}

/**
 * Whether a > b, element by element, broadcasting as NumPy does. `b` may be a number.
 *
 * @returns int32, 1 where it holds and 0 elsewhere
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.gt`
 */
export function gt(a: Tensor, b: Tensor | number): Tensor<'int32'> {
  return compare('gt', a, b);
}

/**
 * Whether a >= b, element by element, broadcasting as NumPy does. `b` may be a number.
 *
 * @returns int32, 1 where it holds and 0 elsewhere
 * @throws TypeError when the shapes do not broadcast
 * @see `torch.ge`
 */
export function ge(a: Tensor, b: Tensor | number): Tensor<'int32'> {
  return compare('ge', a, b);
}
