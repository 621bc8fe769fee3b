import { record } from '../autograd.js';
import { checkBoolean, checkDim, checkInteger, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native, SCATTER } from '../native.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { rowsAlong } from './rows.js';
import { copyView, emptyOf } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: elements by size. */

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** The axis to sort along, counted from the end when negative. Default -1. */
  dim?: number;
  /** Whether the greatest come first. Default false. */
  descending?: boolean;
}

/** Options of `topk`. */
export interface TopkOptions {
  /** The axis to choose along, counted from the end when negative. Default -1. */
  dim?: number;
  /** Whether the greatest are chosen; else the least. Default true. */
  largest?: boolean;
}

/** Elements in order and, as int32, where they stood along the axis. */
export interface Sorted<T extends Tensor = Tensor> {
  /** The elements in their order. */
  values: T;
  /** Where each was along the axis, int32. */
  indices: Tensor<'int32'>;
}

const SORT_NAMES: OptionNames<SortOptions> = { dim: true, descending: true };
const TOPK_NAMES: OptionNames<TopkOptions> = { dim: true, largest: true };

/**
 * The elements along an axis in ascending or descending order. Equal ones keep their order; NaN is greater than all.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.sort(stable=True)`
 */
export function sort<T extends Tensor>(x: T, options: SortOptions = {}): Sorted<T> {
  return sortedBy('sort', x, options);
}

/**
 * Where the elements of `sort` stood, as int32.
 *
 * @throws TypeError for an axis that `x` has not
 * @see `torch.argsort(stable=True)`
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor<'int32'> {
  const { values, indices } = sortedBy('argsort', x, options);
  values.dispose();
  return indices;
}

/**
 * The k greatest or least elements along an axis, the first of them first. Of equal ones those that stand earlier; NaN is
 * greater than all.
 *
 * @param k at most the axis's size
 * @throws TypeError for an axis that `x` has not, or a k that it has not
 * @see `torch.topk`, which leaves the order of equal ones open
 */
export function topk<T extends Tensor>(x: T, k: number, options: TopkOptions = {}): Sorted<T> {
  checkOptions(options, TOPK_NAMES, 'topk');
  checkTensor(x, 'topk input', { dtype: x?.dtype });
  const shape = x.rank === 0 ? [1] : x.shape;
  const axis = checkDim(options.dim ?? -1, shape.length, 'topk dim');
  const largest = checkBoolean(options.largest ?? true, 'topk largest');
  return firstOf('topk', x, axis, checkInteger(k, 'topk k', 0, shape[axis]), largest);
}

function sortedBy<T extends Tensor>(name: string, x: T, options: SortOptions): Sorted<T> {
  checkOptions(options, SORT_NAMES, name);
  checkTensor(x, `${name} input`, { dtype: x?.dtype });
  const shape = x.rank === 0 ? [1] : x.shape;
  const axis = checkDim(options.dim ?? -1, shape.length, `${name} dim`);
  const descending = checkBoolean(options.descending ?? false, `${name} descending`);
  return firstOf(name, x, axis, shape[axis], descending);
}

/** The first `kept` in order along an axis; of a tensor without axes, taken for a vector of one, as one. */
function firstOf<T extends Tensor>(name: string, x: T, axis: number, kept: number, descending: boolean): Sorted<T> {
  const full = x.rank === 0 ? [1] : x.shape;
  const shape = x.rank === 0 && kept === 1 ? [] : full.with(axis, kept);
  const inner = sizeOf(full.slice(axis + 1));
  const outer = sizeOf(full.slice(0, axis));
  const [width, integers] = [full[axis], x.dtype === 'int32'];
  // Rows lie side by side in memory while they are sorted.
  const turned = (from: Tensor, sizes: readonly [number, number, number], to: readonly number[]): Tensor => {
    const [a, b, c] = stridesOf(sizes);
    const view = copyView(from, { shape: [sizes[0], sizes[2], sizes[1]], strides: [a, c, b], offset: 0 });
    const result = view.alias([...to]);
    view.dispose();
    return result;
  };
  const rows = inner === 1 ? x.alias() : turned(x, [outer, width, inner], [outer, inner, width]);
  const values = emptyOf(x, [outer * inner, kept]);
  const indices = empty([outer * inner, kept], 'int32');
  native.sort({ y: values, index: indices, x: rows, rows: outer * inner, width, kept, descending, integers });
  rows.dispose();
  const settled = <S extends Tensor>(part: S): S => {
    const result = inner === 1 ? part.alias([...shape]) : turned(part, [outer, inner, kept], shape);
    part.dispose();
    return result as S; // of its dtype
  };
  const [y, index] = [settled(values), settled(indices)];
  const along = rowsAlong(full, axis, kept, true);
  record(name, y, [x], [index], (dy, grads, [saved]) => {
    const { grad, accumulate } = grads.target(0);
    if (!accumulate) fill(grad, 0);
    native.scatter({ table: grad, x: dy, index: saved, ...along, mode: SCATTER.add });
  });
  return { values: y, indices: index };
}
