import { record } from '../autograd.js';
import { expected, shapeText, sizeOf, Text } from '../check.js';
import { INDEXED, native, SCATTER } from '../native.js';
import { noteSite } from '../stream.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { emptyOf } from './view.js';

/** What the native gather and scatter go over; see native/ops/gather.h. */
export interface Rows {
  readonly outer: number;
  readonly count: number;
  readonly entries: number;
  readonly inner: number;
  /** Whether each element has an index, (outer,count,inner), instead of each row, (count). */
  readonly each: boolean;
}

/** The rows of a table of `shape` along its axes [axis, end), of which `count` are named. */
export function rowsAlong(shape: readonly number[], axis: number, count: number, each: boolean, end = axis + 1): Rows {
  const entries = sizeOf(shape.slice(axis, end));
  return { outer: sizeOf(shape.slice(0, axis)), count, entries, inner: sizeOf(shape.slice(end)), each };
}

// The index into all axes at once is an int32, as native/ops/gather.cpp has it.
const MOST_PLACES = 2 ** 31 - 1;

/**
 * Indices of several axes as one into all of them, row-major. They are compared with the sizes on the stream: the next
 * read rejects with a StreamError for one outside, which names the call.
 *
 * @param indices int32, of one shape
 * @param fromEnd whether negative ones count from the end
 */
export function checkedIndex(
  operation: keyof typeof INDEXED,
  indices: readonly Tensor[],
  sizes: readonly number[],
  fromEnd = false,
): Tensor {
  const { shape, size } = indices[0];
  const places = sizeOf(sizes);
  if (size > 0 && places === 0) throw expected('an axis with positions', operation, new Text('one without'));
  if (places > MOST_PLACES || size > MOST_PLACES) {
    throw expected(`at most ${MOST_PLACES} positions`, operation, new Text(`${Math.max(places, size)}`));
  }
  const y = empty([...shape], 'int32');
  const [number, site] = [INDEXED[operation], noteSite(operation)];
  native.checkedIndex({ y, index: indices, sizes, count: size, fromEnd, operation: number, site });
  return y;
}

/** The rows of `table` that a checked index names, as a tensor of `shape`; their gradients add up where they came from. */
export function takeRows<T extends Tensor>(
  name: string,
  table: T,
  index: Tensor,
  rows: Rows,
  shape: readonly number[],
): T {
  const y = emptyOf(table, shape);
  native.gather({ y, table, index, winner: undefined, ...rows });
  return record(name, y, [table], [index], (dy, grads, [saved]) => {
    const { grad, accumulate } = grads.target(0);
    if (!accumulate) fill(grad, 0);
    native.scatter({ table: grad, x: dy, index: saved, ...rows, mode: SCATTER.add });
  });
}

/** A tensor without axes counts as a vector of one. */
export function atLeastOne(shape: readonly number[]): readonly number[] {
  return shape.length === 0 ? [1] : shape;
}

/** Throws unless an index has as many axes as `shape`, and none but `axis` longer. */
export function checkIndexWithin(index: Tensor, shape: readonly number[], axis: number, where: string): void {
  const sizes = atLeastOne(index.shape);
  if (sizes.length !== shape.length || sizes.some((size, i) => i !== axis && size > shape[i])) {
    throw expected(`an index that is no longer than ${shapeText(shape)} along axes but ${axis}`, where, index);
  }
}

/** Throws unless `value` is a tensor of integers to be taken for indices. */
export function checkIndex(value: unknown, where: string): Tensor {
  return checkTensor(value, where, { dtype: 'int32' });
}
