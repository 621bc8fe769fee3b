import { type Gradients, type Remake, record } from '../autograd.js';
import { checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { binary } from './binary.js';
import { checkTensor } from './check-tensor.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: of one tensor, element by element. */

/** The number of each function in native/kernels/unary-inl.h, and what its gradient is computed from. */
const UNARY = {
  neg: { operation: 0, saves: 'nothing' },
  exp: { operation: 1, saves: 'y' },
  log: { operation: 2, saves: 'x' },
  log1p: { operation: 3, saves: 'x' },
  sqrt: { operation: 4, saves: 'y' },
  rsqrt: { operation: 5, saves: 'y' },
  abs: { operation: 6, saves: 'x' },
  sign: { operation: 7, saves: 'nothing' },
  sin: { operation: 8, saves: 'x' },
  cos: { operation: 9, saves: 'x' },
  sigmoid: { operation: 10, saves: 'x' },
  silu: { operation: 11, saves: 'x' },
  square: { operation: 12, saves: 'x' },
  pow: { operation: 13, saves: 'x' },
  clamp: { operation: 14, saves: 'x' },
} as const;

/** The function called `name` of `x`, with the numbers that are its own. */
function unary(name: keyof typeof UNARY, x: Tensor, p = 0, q = 0): Tensor {
  checkTensor(x, `${name} input`);
  const { operation, saves } = UNARY[name];
  const { shape } = x;
  const forward = (input: Tensor): Tensor => {
    const y = empty(shape);
    native.unaryForward({ y, x: input, count: y.size, operation, p, q });
    return y;
  };
  const y = forward(x);
  const rule = (dy: Tensor, grads: Gradients, [saved = dy]: readonly Tensor[]): void => {
    const dx = empty(shape);
    native.unaryBackward({ dx, dy, saved, count: dx.size, operation, p, q });
    grads.pass(0, dx);
    dx.dispose();
  };
  const saved = { nothing: [], x: [x], y: [y] }[saves];
  const remake: Remake = { from: [0], make: ([input]) => forward(input) };
  return record(name, y, [x], saved, rule, saves === 'x' ? remake : undefined);
}

/**
 * -x, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.neg`.
 */
export function neg(x: Tensor): Tensor {
  return unary('neg', x);
}

/**
 * e^x, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.exp`.
 */
export function exp(x: Tensor): Tensor {
  return unary('exp', x);
}

/**
 * The natural logarithm, element by element: -Infinity at 0, NaN below.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.log`.
 */
export function log(x: Tensor): Tensor {
  return unary('log', x);
}

/**
 * log(1 + x), element by element, accurate near 0.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.log1p`.
 */
export function log1p(x: Tensor): Tensor {
  return unary('log1p', x);
}

/**
 * The square root, element by element: NaN below 0.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.sqrt`.
 */
export function sqrt(x: Tensor): Tensor {
  return unary('sqrt', x);
}

/**
 * 1 / sqrt(x), element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.rsqrt`.
 */
export function rsqrt(x: Tensor): Tensor {
  return unary('rsqrt', x);
}

/**
 * |x|, element by element; its gradient is 0 at 0.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.abs`.
 */
export function abs(x: Tensor): Tensor {
  return unary('abs', x);
}

/**
 * -1, 0 or 1, element by element: the sign of x, and 0 of NaN. Its gradient is 0.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.sign`.
 */
export function sign(x: Tensor): Tensor {
  return unary('sign', x);
}

/**
 * The sine of an angle in radians, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.sin`.
 */
export function sin(x: Tensor): Tensor {
  return unary('sin', x);
}

/**
 * The cosine of an angle in radians, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.cos`.
 */
export function cos(x: Tensor): Tensor {
  return unary('cos', x);
}

/**
 * 1 / (1 + e^-x), element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.sigmoid`.
 */
export function sigmoid(x: Tensor): Tensor {
  return unary('sigmoid', x);
}

/**
 * Sigmoid linear unit, element by element: x * sigmoid(x).
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Source: Hendrycks and Gimpel 2016. Counterpart: `torch.nn.functional.silu`.
 */
export function silu(x: Tensor): Tensor {
  return unary('silu', x);
}

/**
 * x * x, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * Counterpart: `torch.square`.
 */
export function square(x: Tensor): Tensor {
  return unary('square', x);
}

/**
 * x to the power of a number, or of another tensor with which it broadcasts: NaN for negative x unless the exponent is
 * whole.
 *
 * @throws TypeError unless tensors are float32 and broadcast and a number is finite
 * Counterpart: `torch.pow`.
 */
export function pow(x: Tensor, exponent: Tensor | number): Tensor {
  if (typeof exponent !== 'number') return binary('pow', x, exponent);
  return unary('pow', x, checkNumber(exponent, 'pow exponent'));
}

/** Options of `clamp`: one of them, or both. */
export interface ClampOptions {
  /** What smaller elements become. */
  min?: number;
  /** What larger elements become. Where it is less than `min`, all elements become `max`. */
  max?: number;
}

const CLAMP_OPTIONS: OptionNames<ClampOptions> = { min: true, max: true };

/**
 * x held within [min, max], element by element; NaN stays. The gradient passes within, both ends included.
 *
 * @throws TypeError unless `x` is a float32 tensor, or for no bound at all
 * Counterpart: `torch.clamp`.
 */
export function clamp(x: Tensor, options: ClampOptions): Tensor {
  checkTensor(x, 'clamp input');
  checkOptions(options, CLAMP_OPTIONS, 'clamp');
  const { min, max } = options ?? {};
  if (min === undefined && max === undefined) throw expected('min, max or both', 'clamp', options);
  const low = min === undefined ? -Infinity : checkNumber(min, 'clamp min');
  const high = max === undefined ? Infinity : checkNumber(max, 'clamp max');
  return unary('clamp', x, low, high);
}
