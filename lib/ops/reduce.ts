import { record } from '../autograd.js';
import { checkBoolean, sizeOf } from '../check.js';
import { checkOptions } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { checkDims, REDUCE_OPTIONS, type ReduceOptions } from './reduce-options.js';
import { reduceRows } from './row-reduce.js';
import { copyStrided } from './strided-copy.js';

export type { ReduceOptions } from './reduce-options.js';

function reduce(name: string, x: Tensor, options: ReduceOptions, average: boolean): Tensor<'float32'> {
  checkOptions(options, REDUCE_OPTIONS, name);
  checkTensor(x, `${name} input`);
  const keepDim = checkBoolean(options.keepDim ?? false, `${name} keepDim`);
  const reduced = checkDims(options.dim, x.rank, `${name} dim`);
  const kept = x.shape.map((_, axis) => (reduced.has(axis) ? 0 : 1));
  const keptShape = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const shape = keepDim ? keptShape : x.shape.filter((_, axis) => !reduced.has(axis));
  const scale = average ? sizeOf(shape) / x.size : 1;
  const y = empty(shape);
  native.sum({ y, x, shape: x.shape, kept, scale, accumulate: false });
  const full = x.shape;
  return record(name, y, [x], [], (dy, grads) => {
    const dx = empty(full);
    const stridesX = stridesOf(keptShape).map((stride, axis) => (reduced.has(axis) ? 0 : stride));
    copyStrided(dx, dy, { shape: full, stridesX });
    if (scale !== 1) native.affine({ y: dx, x: dx, count: dx.size, a: scale, b: 0 });
    grads.pass(0, dx);
    dx.dispose();
  });
}

/**
 * The sum over some or all axes. Of int32 it is int32: a sum that 32 bits do not hold is found on the stream, and the
 * next read rejects with a StreamError that names this call (PyTorch's is int64).
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.sum`
 */
export function sum<T extends Tensor>(x: T, options: ReduceOptions = {}): T {
  if (x?.dtype === 'int32') return reduceRows('sumInt32', 'sum', x, options).y as T; // of int32
  return reduce('sum', x, options, false) as Tensor as T; // of float32
}

/**
 * The mean over some or all axes; NaN over none.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.mean`
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor<'float32'> {
  return reduce('mean', x, options, true);
}
