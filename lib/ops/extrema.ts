import { record } from '../autograd.js';
import { checkDim } from '../check.js';
import { checkOptions } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { compare } from './binary.js';
import { checkTensor } from './check-tensor.js';
import { arange } from './creation.js';
import { div, mul } from './elementwise.js';
import { REDUCE_OPTIONS, type ReduceOptions } from './reduce-options.js';
import { reduceRows } from './row-reduce.js';
import { markAnswers } from './truth.js';
import { where } from './where.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. NaN is larger and smaller than all. */

/** What `max` and `min` along one axis give. */
export interface ExtremaAlong<T extends Tensor = Tensor> {
  /** The extrema. */
  values: T;
  /** Where each is along the axis, the first of equal ones. */
  indices: Tensor<'int32'>;
}

/** Options of `max`, `min`, `argmax` and `argmin`: one axis at most. */
export interface AlongOptions {
  /** The axis, counted from the end when negative. Default: all elements, in row-major order. */
  dim?: number;
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepDim?: boolean;
}

type Which = 'max' | 'min';

const operationOf = (which: Which, x: Tensor) => (x?.dtype === 'int32' ? (`${which}Int32` as const) : which);

/** Over any axes; equal ones share the gradient evenly. */
function extrema(which: Which, name: string, x: Tensor, options: ReduceOptions): Tensor {
  const { y, keptShape } = reduceRows(operationOf(which, x), name, x, options, {});
  return record(name, y, [x], [x, y], (dy, grads, [input, output]) => {
    const dx = scope(() => {
      const isOne = compare('eq', input, output.alias(keptShape)).to('float32');
      const all = input.shape.map((_, axis) => axis).filter((axis) => keptShape[axis] === 1);
      const shares = all.length === 0 ? isOne : isOne.sum({ dim: all, keepDim: true });
      return mul(isOne, div(dy.alias(keptShape), shares));
    });
    grads.pass(0, dx);
    dx.dispose();
  });
}

/** Along one axis; the one that the index names takes the gradient. */
function along(which: Which, x: Tensor, options: AlongOptions & { dim: number }): ExtremaAlong {
  const axis = checkDim(options.dim, x.rank, `${which} dim`);
  const { y, index, keptShape } = reduceRows(operationOf(which, x), which, x, options, { indices: true });
  const indices = index as Tensor<'int32'>; // asked for
  const { shape } = x;
  record(which, y, [x], [indices], (dy, grads, [places]) => {
    const dx = scope(() => {
      const place = arange(shape[axis], { dtype: 'int32' }).alias(shape.map((size, i) => (i === axis ? size : 1)));
      return where(compare('eq', place, places.alias(keptShape)), dy.alias(keptShape), 0);
    });
    grads.pass(0, dx);
    dx.dispose();
  });
  return { values: y, indices };
}

function either(which: Which, x: Tensor, options: AlongOptions): Tensor | ExtremaAlong {
  checkTensor(x, `${which} input`, { dtype: x?.dtype });
  checkOptions(options, REDUCE_OPTIONS, which);
  const { dim, ...rest } = options;
  if (dim === undefined) return extrema(which, which, x, rest);
  return along(which, x, { ...rest, dim });
}

/**
 * The largest element, of all or along one axis with its place. Of equal ones, all share the gradient evenly where there
 * is no `dim`; with `dim`, the one that `indices` names takes it, as in PyTorch. Over several axes: `amax`.
 *
 * @throws TypeError for an axis that `x` has not, or where there is no element
 * @see `torch.max`
 */
export function max<T extends Tensor>(x: T, options: AlongOptions & { dim: number }): ExtremaAlong<T>;
export function max<T extends Tensor>(x: T, options?: AlongOptions & { dim?: undefined }): T;
export function max(x: Tensor, options: AlongOptions = {}): Tensor | ExtremaAlong {
  return either('max', x, options);
}

/**
 * The smallest element, as `max`.
 *
 * @throws TypeError for an axis that `x` has not, or where there is no element
 * @see `torch.min`
 */
export function min<T extends Tensor>(x: T, options: AlongOptions & { dim: number }): ExtremaAlong<T>;
export function min<T extends Tensor>(x: T, options?: AlongOptions & { dim?: undefined }): T;
export function min(x: Tensor, options: AlongOptions = {}): Tensor | ExtremaAlong {
  return either('min', x, options);
}

/**
 * The largest element over any axes; equal ones share the gradient evenly.
 *
 * @throws TypeError for an axis that `x` has not, or where there is no element
 * @see `torch.amax`
 */
export function amax<T extends Tensor>(x: T, options: ReduceOptions = {}): T {
  return extrema('max', 'amax', x, options) as T; // of its dtype
}

/**
 * The smallest element over any axes; equal ones share the gradient evenly.
 *
 * @throws TypeError for an axis that `x` has not, or where there is no element
 * @see `torch.amin`
 */
export function amin<T extends Tensor>(x: T, options: ReduceOptions = {}): T {
  return extrema('min', 'amin', x, options) as T; // of its dtype
}

function placeOf(which: Which, name: string, x: Tensor, options: AlongOptions): Tensor<'int32'> {
  checkTensor(x, `${name} input`, { dtype: x?.dtype });
  checkOptions(options, REDUCE_OPTIONS, name);
  if (options.dim !== undefined) checkDim(options.dim, x.rank, `${name} dim`);
  const { y, index } = reduceRows(operationOf(which, x), name, x, options, { indices: true });
  y.dispose();
  return index as Tensor<'int32'>; // asked for
}

/**
 * Where the largest element is, the first of equal ones: along one axis, or among all in row-major order.
 *
 * @throws TypeError for an axis that `x` has not, or where there is no element
 * @see `torch.argmax`
 */
export function argmax(x: Tensor, options: AlongOptions = {}): Tensor<'int32'> {
  return placeOf('max', 'argmax', x, options);
}

/**
 * Where the smallest element is, as `argmax`.
 *
 * @throws TypeError for an axis that `x` has not, or where there is no element
 * @see `torch.argmin`
 */
export function argmin(x: Tensor, options: AlongOptions = {}): Tensor<'int32'> {
  return placeOf('min', 'argmin', x, options);
}

function truth(which: Which, name: string, x: Tensor, options: ReduceOptions): Tensor<'int32'> {
  checkTensor(x, `${name} input`, { dtype: x?.dtype });
  return scope(() => {
    const ofNone = which === 'min' ? 1 : 0;
    const { y } = reduceRows(`${which}Int32`, name, compare('ne', x, 0), options, { ofNone });
    return markAnswers(y as Tensor<'int32'>); // so named
  });
}

/**
 * 1 where some element is not 0, else 0; NaN is not 0. Over nothing 0.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.any`
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor<'int32'> {
  return truth('max', 'any', x, options);
}

/**
 * 1 where no element is 0, else 0. Over nothing 1.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.all`
 */
export function all(x: Tensor, options: ReduceOptions = {}): Tensor<'int32'> {
  return truth('min', 'all', x, options);
}
