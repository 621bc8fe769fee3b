import { record } from '../autograd.js';
import { checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames, only } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { add, div, mul, sub } from './elementwise.js';
import { amax, amin } from './extrema.js';
import { mean, sum } from './reduce.js';
import { REDUCE_OPTIONS, type ReduceOptions } from './reduce-options.js';
import { type Reduced, reduceRows } from './row-reduce.js';
import { abs, exp, pow, sign } from './unary.js';
import { where } from './where.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/** A reduction's result with its gradient: dy and y come in the shape that broadcasts with x. */
function differentiable(
  name: string,
  x: Tensor,
  { y, keptShape }: Reduced,
  gradient: (dy: Tensor, x: Tensor, y: Tensor) => Tensor,
): Tensor<'float32'> {
  return record(name, y, [x], [x, y], (dy, grads, [input, output]) => {
    const dx = scope(() => gradient(dy.alias(keptShape), input, output.alias(keptShape)));
    grads.pass(0, dx);
    dx.dispose();
  }) as Tensor<'float32'>; // as reduced
}

/** The axes that were reduced, and those of one element, which change nothing; kept. */
function axesOf(x: Tensor, y: Tensor): ReduceOptions {
  const dim = x.shape.map((_, axis) => axis).filter((axis) => y.shape[axis] === 1);
  return { ...(dim.length > 0 && { dim }), keepDim: true };
}

/**
 * The product over some or all axes; 1 over nothing. Of int32 it is int32: one that 32 bits do not hold is found on the
 * stream, as `sum`'s.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.prod`
 */
export function prod<T extends Tensor>(x: T, options: ReduceOptions = {}): T {
  if (x?.dtype === 'int32') return reduceRows('prodInt32', 'prod', x, options, { ofNone: 1 }).y as T; // of int32
  const reduced = reduceRows('prod', 'prod', x, options, { ofNone: 1 });
  return differentiable('prod', x, reduced, (dy, input, y) => {
    if (x.rank === 0) return mul(dy, 1);
    // Beside one 0, it alone has a gradient, the product of the others; beside two, none has.
    const zero = input.eq(0);
    const axes = axesOf(input, y);
    const zeros = axes.dim === undefined ? zero : sum(zero, axes);
    const others = where(zero, 1, input);
    const rest = axes.dim === undefined ? others : prod(others, axes);
    const ofOthers = where(zeros.eq(0), div(y, input), 0);
    return mul(dy, where(zero, where(zeros.eq(1), rest, 0), ofOthers));
  }) as Tensor as T; // of float32
}

/** Options of `var` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken from the number of elements to divide by. Default 1 (Bessel's). */
  correction?: number;
}

const VARIANCE_OPTIONS: OptionNames<VarianceOptions> = { ...REDUCE_OPTIONS, correction: true };

function spread(name: 'var' | 'std', x: Tensor, options: VarianceOptions): Tensor<'float32'> {
  checkOptions(options, VARIANCE_OPTIONS, name);
  const correction = checkNumber(options.correction ?? 1, `${name} correction`);
  const way = { correction, ofNone: Number.NaN };
  const reduced = reduceRows(name, name, x, only(options, REDUCE_OPTIONS), way);
  const degrees = Math.max(0, reduced.width - correction);
  return differentiable(name, x, reduced, (dy, input, y) => {
    const axes = axesOf(input, y);
    const centre = axes.dim === undefined ? input : mean(input, axes);
    // The root of 0 has no slope; PyTorch takes 0.
    const scale = name === 'var' ? mul(dy, 2) : where(y.eq(0), 0, div(dy, y));
    return mul(scale, div(sub(input, centre), degrees));
  });
}

/**
 * The variance over some or all axes: squared deviations from the mean, over their number less `correction`. `F.var`, and `x.var()`.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.var`
 */
function variance(x: Tensor, options: VarianceOptions = {}): Tensor<'float32'> {
  return spread('var', x, options);
}

export { variance as var };

/**
 * The standard deviation over some or all axes, as `var`; its gradient is 0 where it is 0.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.std`
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor<'float32'> {
  return spread('std', x, options);
}

/**
 * log(sum(e^x)) over some or all axes, without overflow; -Infinity over nothing.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.logsumexp`
 */
export function logsumexp(x: Tensor, options: ReduceOptions = {}): Tensor<'float32'> {
  const reduced = reduceRows('logsumexp', 'logsumexp', x, options, { ofNone: -Infinity });
  return differentiable('logsumexp', x, reduced, (dy, input, y) => mul(dy, exp(sub(input, y))));
}

/** Options of `norm`. */
export interface NormOptions extends ReduceOptions {
  /** The p of the p-norm: a number, or an infinity for the largest or the smallest size. Default 2. */
  p?: number;
}

const NORM_OPTIONS: OptionNames<NormOptions> = { ...REDUCE_OPTIONS, p: true };

/**
 * The p-norm over some or all axes, (sum |x|^p)^(1/p); its gradient is 0 where it is 0.
 *
 * @throws TypeError for an axis that `x` has not, or a p that is none
 * @see `torch.linalg.vector_norm`
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor<'float32'> {
  checkOptions(options, NORM_OPTIONS, 'norm');
  const { p = 2 } = options;
  if (typeof p !== 'number' || Number.isNaN(p)) throw expected('a number', 'norm p', p);
  const axes = only(options, REDUCE_OPTIONS);
  checkTensor(x, 'norm input');
  if (p === 2) {
    const reduced = reduceRows('norm', 'norm', x, axes);
    return differentiable('norm', x, reduced, (dy, input, y) => mul(input, where(y.eq(0), 0, div(dy, y))));
  }
  return scope(() => {
    const sizes = abs(x) as Tensor<'float32'>;
    if (p === Infinity) return amax(sizes, axes);
    if (p === -Infinity) return amin(sizes, axes);
    if (p === 0) return sum(sizes.ne(0).to('float32'), axes);
    if (p === 1) return sum(sizes, axes);
    return generalNorm(sizes, x, p, axes);
  });
}

/** Of sizes |x|; the gradient is dy sign(x) (|x| / y)^(p - 1). */
function generalNorm(sizes: Tensor, x: Tensor, p: number, axes: ReduceOptions): Tensor<'float32'> {
  const y = pow(sum(pow(sizes.detach(), p), axes), 1 / p);
  const { keptShape } = keptOf(x, axes);
  return differentiable('norm', x, { y: y.detach(), keptShape, width: 0 }, (dy, input, output) => {
    const slope = mul(sign(input), pow(div(abs(input), output), p - 1));
    return mul(dy, where(add(output.eq(0), input.eq(0)), 0, slope));
  });
}

function keptOf(x: Tensor, axes: ReduceOptions): { keptShape: readonly number[] } {
  return { keptShape: sum(x.detach(), { ...axes, keepDim: true }).shape };
}

/**
 * log(softmax(x)) over one axis, without overflow and where softmax would round to 0.
 *
 * @param dim the axis, counted from the end when negative. Default: the last.
 * @throws TypeError for a tensor without axes, or an axis that it has not
 * @see `torch.nn.functional.log_softmax`
 */
export function logSoftmax(x: Tensor, dim = -1): Tensor<'float32'> {
  checkTensor(x, 'logSoftmax input', { minRank: 1 });
  const axes = { dim, keepDim: true };
  const y = scope(() => {
    const input = x.detach();
    const shifted = sub(input, amax(input, axes));
    return sub(shifted, logsumexp(shifted, axes));
  });
  return record('logSoftmax', y, [x], [y], (dy, grads, [output]) => {
    const dx = scope(() => sub(dy, mul(exp(output), sum(dy, axes))));
    grads.pass(0, dx);
    dx.dispose();
  }) as Tensor<'float32'>; // of float32
}
