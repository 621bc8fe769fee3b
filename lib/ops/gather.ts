import { record } from '../autograd.js';
import { checkDim, expected, shapeText } from '../check.js';
import { native, SCATTER } from '../native.js';
import { scope } from '../scope.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { copyInto } from './copy.js';
import { atLeastOne, checkedIndex, checkIndex, checkIndexWithin, type Rows, rowsAlong, takeRows } from './rows.js';
import { copyStrided } from './strided-copy.js';
import { copyView, emptyOf, takeView } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: elements by index. */

/**
 * For each element of `index`, the element of `x` at that position of one axis and the same positions of the others.
 *
 * @param dim the axis, counted from the end when negative
 * @param index int32, with as many axes as `x`, and none but `dim` longer
 * @returns of the shape of `index`
 * @throws TypeError for other shapes or dtypes. An index outside is found on the stream: the next read rejects with a
 *   StreamError that names this call.
 * @see `torch.gather`
 */
export function gather<T extends Tensor>(x: T, dim: number, index: Tensor): T {
  checkTensor(x, 'gather input', { dtype: x?.dtype });
  checkIndex(index, 'gather index');
  const shape = atLeastOne(x.shape);
  const axis = checkDim(dim, shape.length, 'gather dim');
  checkIndexWithin(index, shape, axis, 'gather index');
  const sizes = atLeastOne(index.shape);
  return scope(() => {
    const checked = checkedIndex('gather', [index], [shape[axis]]);
    const table = cornerOf('gather', x, sizes.with(axis, shape[axis]));
    return takeRows('gather', table, checked, rowsAlong(table.shape, axis, sizes[axis], true), index.shape);
  });
}

/**
 * `x` with elements of `source` at the positions of one axis that `index` names. Where several go to one place, the last
 * of them stays, and it alone gets the gradient.
 *
 * @param dim the axis, counted from the end when negative
 * @param index int32, with as many axes as `x`, and none but `dim` longer
 * @param source at least as long as `index` along each axis; or a number
 * @throws TypeError and StreamError as `gather`
 * @see `torch.scatter`
 */
export function scatter<T extends Tensor>(x: T, dim: number, index: Tensor, source: Tensor | number): T {
  return scattered('scatter', x, dim, index, source);
}

/**
 * `x` with elements of `source` added at the positions of one axis that `index` names; in row-major order, so that the
 * bits do not depend on the number of threads.
 *
 * @param dim the axis, counted from the end when negative
 * @param index int32, with as many axes as `x`, and none but `dim` longer
 * @param source at least as long as `index` along each axis
 * @throws TypeError and StreamError as `gather`
 * @see `torch.scatter_add`
 */
export function scatterAdd<T extends Tensor>(x: T, dim: number, index: Tensor, source: Tensor): T {
  return scattered('scatterAdd', x, dim, index, checkTensor(source, 'scatterAdd source', { dtype: source?.dtype }));
}

/**
 * Positions of one axis, by index, in its order.
 *
 * @param dim the axis, counted from the end when negative
 * @param index (N) int32
 * @returns `x` with N positions along that axis
 * @throws TypeError and StreamError as `gather`
 * @see `torch.index_select`
 */
export function indexSelect<T extends Tensor>(x: T, dim: number, index: Tensor): T {
  checkTensor(x, 'indexSelect input', { dtype: x?.dtype });
  checkTensor(index, 'indexSelect index', { dtype: 'int32', rank: 1, letters: '(N)' });
  const axis = checkDim(dim, x.rank, 'indexSelect dim');
  return scope(() => {
    const checked = checkedIndex('indexSelect', [index], [x.shape[axis]]);
    const rows = rowsAlong(x.shape, axis, index.size, false);
    return takeRows('indexSelect', x, checked, rows, x.shape.with(axis, index.size));
  });
}

function scattered<T extends Tensor>(
  name: 'scatter' | 'scatterAdd',
  x: T,
  dim: number,
  index: Tensor,
  source: Tensor | number,
): T {
  checkTensor(x, `${name} input`, { dtype: x?.dtype });
  checkIndex(index, `${name} index`);
  const shape = atLeastOne(x.shape);
  const axis = checkDim(dim, shape.length, `${name} dim`);
  checkIndexWithin(index, shape, axis, `${name} index`);
  const sizes = atLeastOne(index.shape);
  if (typeof source !== 'number') {
    checkTensor(source, `${name} source`, { dtype: x.dtype });
    const from = atLeastOne(source.shape);
    if (from.length !== sizes.length || sizes.some((size, i) => size > from[i])) {
      throw expected(`a source at least as long as ${shapeText(index.shape)}`, name, source);
    }
  }
  return scope(() => {
    const checked = checkedIndex(name, [index], [shape[axis]]);
    const from = typeof source === 'number' ? fill(empty(sizes, x.dtype), source) : cornerOf(name, source, sizes);
    const region = sizes.with(axis, shape[axis]);
    const rows = rowsAlong(region, axis, sizes[axis], true);
    const mode = name === 'scatter' ? 'write' : x.dtype === 'int32' ? 'addIntegers' : 'add';
    const y = putRows(x, region, from, checked, rows, mode);
    return record(name, y, [x, typeof source === 'number' ? undefined : from], [checked], (dy, grads, [saved]) => {
      if (grads.wants(0)) {
        const dx = name === 'scatter' ? withoutRows(dy, region, sizes, saved, rows) : dy;
        grads.pass(0, dx);
        if (dx !== dy) dx.dispose();
      }
      if (grads.wants(1)) {
        const part = copyView(dy, { shape: region, strides: stridesOf(atLeastOne(dy.shape)), offset: 0 });
        const winner = name === 'scatter' ? numbersOf(region, saved, rows) : undefined;
        const dsource = empty(sizes);
        native.gather({ y: dsource, table: part, index: saved, winner, ...rows });
        grads.pass(1, dsource);
        for (const made of [part, winner, dsource]) made?.dispose();
      }
    });
  });
}

/** The first positions of each axis, as many as `sizes` says. */
function cornerOf<T extends Tensor>(name: string, x: T, sizes: readonly number[]): T {
  const own = atLeastOne(x.shape);
  return takeView(name, x, { shape: sizes, strides: stridesOf(own), offset: 0 });
}

/** A copy of `x` with rows put into the corner that `region` is the shape of. */
function putRows<T extends Tensor>(
  x: T,
  region: readonly number[],
  from: Tensor,
  index: Tensor,
  rows: Rows,
  mode: 'write' | 'add' | 'addIntegers',
): T {
  const y = emptyOf(x, x.shape);
  copyInto(y, x);
  const strides = stridesOf(atLeastOne(x.shape));
  const part = copyView(x, { shape: region, strides, offset: 0 });
  native.scatter({ table: part, x: from, index, ...rows, mode: SCATTER[mode] });
  copyStrided(y, part, { shape: region, stridesY: strides });
  part.dispose();
  return y;
}

/** `dy` with zeros at the places that rows were put to. */
function withoutRows(
  dy: Tensor,
  region: readonly number[],
  sizes: readonly number[],
  index: Tensor,
  rows: Rows,
): Tensor {
  const zero = fill(empty([...sizes]), 0);
  const dx = putRows(dy, region, zero, index, rows, 'write');
  zero.dispose();
  return dx;
}

/** Which element of the source stayed at each place that one went to; undefined elsewhere. */
function numbersOf(region: readonly number[], index: Tensor, rows: Rows): Tensor {
  const numbers = empty([...region], 'int32');
  native.scatter({ table: numbers, x: undefined, index, ...rows, mode: SCATTER.number });
  return numbers;
}
