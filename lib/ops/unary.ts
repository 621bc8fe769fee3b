import { checkNumber } from '../check.js';
import { UNARY } from '../native.js';
import type { Tensor } from '../tensor.js';
import { type Arithmetic, binary } from './binary.js';
import { checkTensor } from './check-tensor.js';
import { type ClampOptions, checkClamp } from './clamp-options.js';
import { absInt32, clampInt32, negInt32, signInt32, squareInt32 } from './int32.js';
import { unaryOp } from './unary-op.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: of one tensor, element by element. */

/** What each function's gradient is computed from. */
const SAVES = {
  neg: 'nothing',
  exp: 'y',
  log: 'x',
  log1p: 'x',
  sqrt: 'y',
  rsqrt: 'y',
  abs: 'x',
  sign: 'nothing',
  sin: 'x',
  cos: 'x',
  sigmoid: 'x',
  silu: 'x',
  square: 'x',
  pow: 'x',
  clamp: 'x',
  logSigmoid: 'x',
} as const;

/** The function called `name` of `x`, with the numbers that are its own. */
function unary(name: keyof typeof SAVES, x: Tensor, p = 0, q = 0): Tensor<'float32'> {
  return unaryOp({ name, operation: UNARY[name], saves: SAVES[name] }, x, p, q);
}

/**
 * -x, element by element.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.neg`
 */
export function neg<T extends Tensor>(x: T): T {
  return (x?.dtype === 'int32' ? negInt32(x) : unary('neg', x)) as T; // of its dtype
}

/**
 * e^x, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.exp`
 */
export function exp(x: Tensor): Tensor<'float32'> {
  return unary('exp', x);
}

/**
 * The natural logarithm, element by element: -Infinity at 0, NaN below.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.log`
 */
export function log(x: Tensor): Tensor<'float32'> {
  return unary('log', x);
}

/**
 * log(1 + x), element by element, accurate near 0.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.log1p`
 */
export function log1p(x: Tensor): Tensor<'float32'> {
  return unary('log1p', x);
}

/**
 * The square root, element by element: NaN below 0.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.sqrt`
 */
export function sqrt(x: Tensor): Tensor<'float32'> {
  return unary('sqrt', x);
}

/**
 * 1 / sqrt(x), element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.rsqrt`
 */
export function rsqrt(x: Tensor): Tensor<'float32'> {
  return unary('rsqrt', x);
}

/**
 * |x|, element by element; its gradient is 0 at 0.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.abs`
 */
export function abs<T extends Tensor>(x: T): T {
  return (x?.dtype === 'int32' ? absInt32(x) : unary('abs', x)) as T; // of its dtype
}

/**
 * -1, 0 or 1, element by element: the sign of x, and 0 of NaN. Its gradient is 0.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.sign`
 */
export function sign<T extends Tensor>(x: T): T {
  return (x?.dtype === 'int32' ? signInt32(x) : unary('sign', x)) as T; // of its dtype
}

/**
 * The sine of an angle in radians, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.sin`
 */
export function sin(x: Tensor): Tensor<'float32'> {
  return unary('sin', x);
}

/**
 * The cosine of an angle in radians, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.cos`
 */
export function cos(x: Tensor): Tensor<'float32'> {
  return unary('cos', x);
}

/**
 * 1 / (1 + e^-x), element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.sigmoid`
 */
export function sigmoid(x: Tensor): Tensor<'float32'> {
  return unary('sigmoid', x);
}

/**
 * Sigmoid linear unit, element by element: x * sigmoid(x).
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see Hendrycks and Gimpel 2016
 * @see `torch.nn.functional.silu`
 */
export function silu(x: Tensor): Tensor<'float32'> {
  return unary('silu', x);
}

/**
 * log(sigmoid(x)), element by element, accurate where sigmoid(x) is near 0 or 1.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.nn.functional.logsigmoid`
 */
export function logSigmoid(x: Tensor): Tensor<'float32'> {
  return unary('logSigmoid', x);
}

/**
 * x * x, element by element.
 *
 * @throws TypeError unless `x` is a live tensor
 * @see `torch.square`
 */
export function square<T extends Tensor>(x: T): T {
  return (x?.dtype === 'int32' ? squareInt32(x) : unary('square', x)) as T; // of its dtype
}

/**
 * x to the power of a number, or of another tensor with which it broadcasts: NaN for negative x unless the exponent is
 * whole.
 *
 * @throws TypeError unless tensors are float32 and broadcast and a number is finite
 * @see `torch.pow`
 */
export function pow(x: Tensor, exponent: Tensor | number): Tensor<'float32'> {
  if (typeof exponent !== 'number') return binary('pow', checkTensor(x, 'pow'), exponent) as Tensor<'float32'>; // as x
  return unary('pow', x, checkNumber(exponent, 'pow exponent'));
}

/**
 * x held within [min, max], element by element; NaN stays. The gradient passes within, both ends included. Of int32 it
 * is int32 where the bounds are whole, else float32.
 *
 * @throws TypeError unless `x` is a live tensor, or for no bound at all
 * @see `torch.clamp`
 */
export function clamp<T extends Tensor>(x: T, options: ClampOptions): Arithmetic<T> {
  checkTensor(x, 'clamp input', { dtype: x?.dtype });
  const [low, high] = checkClamp(options, 'clamp');
  return (x.dtype === 'int32' ? clampInt32(x, low, high) : unary('clamp', x, low, high)) as Arithmetic<T>; // promoted so
}
