import { record } from '../autograd.js';
import { checkBoolean, checkDim, expected, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';

/** Which axes `sum` and `mean` reduce. */
export interface ReduceOptions {
  /** One axis or several, counted from the end when negative. Default: all. */
  dim?: number | readonly number[];
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepDim?: boolean;
}

const OPTIONS: OptionNames<ReduceOptions> = { dim: true, keepDim: true };

/** The axes to reduce. None, which PyTorch takes for all, and one named twice are refused: a slip as a rule. */
function checkDims(dim: ReduceOptions['dim'], rank: number, where: string): Set<number> {
  if (dim === undefined) return new Set(Array.from({ length: rank }, (_, axis) => axis));
  const dims = [dim].flat();
  const axes = new Set(dims.map((one) => checkDim(one, rank, where)));
  if (dims.length === 0) throw expected('at least one axis', where, dims, 'Leave dim out to reduce all.');
  if (axes.size !== dims.length) throw expected('each axis once', where, dims);
  return axes;
}

function reduce(name: string, x: Tensor, options: ReduceOptions, average: boolean): Tensor {
  checkOptions(options, OPTIONS, name);
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
 * The sum over some or all axes.
 *
 * @throws TypeError for an axis that `x` has not
 * Counterpart: `torch.sum`.
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce('sum', x, options, false);
}

/**
 * The mean over some or all axes; NaN over none.
 *
 * @throws TypeError for an axis that `x` has not
 * Counterpart: `torch.mean`.
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce('mean', x, options, true);
}
