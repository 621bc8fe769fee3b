import { checkBoolean, expected, sizeOf } from '../check.js';
import { checkOptions } from '../check-options.js';
import { native, ROW_REDUCTION } from '../native.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { checkDims, REDUCE_OPTIONS, type ReduceOptions } from './reduce-options.js';
import { copyStrided } from './strided-copy.js';

/** What a reduction leaves. */
export interface Reduced {
  /** Without the reduced axes, unless they are kept. */
  y: Tensor;
  /** Where in its row each result was found, as int32 of y's shape; with `indices` only. */
  index?: Tensor<'int32'>;
  /** The shape with size 1 for the reduced axes, in which y broadcasts with x. */
  keptShape: readonly number[];
  /** How many elements became one. */
  width: number;
}

/** How `reduceRows` goes about it. */
interface Way {
  indices?: boolean;
  /** What is taken from the number of elements of a variance. */
  correction?: number;
  /** The result over no elements; without one, there has to be an element. */
  ofNone?: number;
}

/** A reduction of native/ops/row_reduce.cpp over some axes of `x`: those that are not last are copied there first. */
export function reduceRows(
  operation: keyof typeof ROW_REDUCTION,
  name: string,
  x: Tensor,
  options: ReduceOptions,
  way: Way = { ofNone: 0 },
): Reduced {
  checkOptions(options, REDUCE_OPTIONS, name);
  const dtype = operation.endsWith('Int32') ? 'int32' : 'float32';
  checkTensor(x, `${name} input`, { dtype });
  const keepDim = checkBoolean(options.keepDim ?? false, `${name} keepDim`);
  const reduced = checkDims(options.dim, x.rank, `${name} dim`);
  const axes = x.shape.map((_, axis) => axis);
  const order = [...axes.filter((axis) => !reduced.has(axis)), ...axes.filter((axis) => reduced.has(axis))];
  const keptShape = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const width = sizeOf(x.shape.filter((_, axis) => reduced.has(axis)));
  if (width === 0 && way.ofNone === undefined) throw expected('at least one element', name, x);
  const shape = keepDim ? keptShape : x.shape.filter((_, axis) => !reduced.has(axis));
  const y = empty([...shape], dtype);
  const index = way.indices === true ? empty([...shape], 'int32') : undefined;
  if (width === 0) native.fill({ y, count: y.size, bits: bitsOf(way.ofNone ?? 0, dtype) });
  const inRows = order.every((axis, i) => axis === i) ? x : permuted(x, order);
  const { correction = 0 } = way;
  native.rowReduce({
    y,
    index,
    ...{ x: inRows, rows: y.size, width, operation: ROW_REDUCTION[operation], correction },
    site: dtype === 'int32' ? noteSite(name) : 0,
  });
  if (inRows !== x) inRows.dispose();
  return { y, ...(index !== undefined && { index }), keptShape, width };
}

function permuted(x: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]);
  const y = empty(shape, x.dtype);
  copyStrided(y, x, { shape, stridesX: order.map((axis) => strides[axis]) });
  return y;
}

function bitsOf(value: number, dtype: 'float32' | 'int32'): number {
  const bits = dtype === 'int32' ? Int32Array.of(value) : Float32Array.of(value);
  return new Uint32Array(bits.buffer)[0];
}
