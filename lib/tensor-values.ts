import { types } from 'node:util';
import { expected, MAX_RANK, shapeText, sizeOf, Text } from './check.js';
import { native } from './native.js';
import { outOfMemory } from './storage.js';

/** The element types of a tensor; both take four bytes. */
export type DType = 'float32' | 'int32';
/** The typed array that holds a tensor's elements. */
export type TensorData = Float32Array | Int32Array;
/** Numbers nested as deep as the tensor has axes. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** Bytes of an element. */
export const BYTES = 4;

/** The element type that the given values have, where they have one. Arrays may be of another realm. */
export function dtypeOfValues(values: unknown): DType {
  return types.isInt32Array(values) ? 'int32' : 'float32';
}

/** Room for a tensor's elements. */
export function emptyArray(size: number, dtype: DType): TensorData {
  return dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
}

/**
 * Numbers, arrays of them, and arrays of arrays: the elements in row-major order, and the sizes of the nesting.
 *
 * @throws TypeError for ragged or too deep nesting (an array that holds itself has no end) and for what is no number
 */
export function unnest(values: unknown, dtype: DType): { data: TensorData; shape: readonly number[] } {
  if (isRow(values) && (values.length === 0 || !isRow(values[0]))) {
    return { data: toTypedArray(values, dtype), shape: [values.length] };
  }
  const shape = nesting(values);
  const bytes = sizeOf(shape) * BYTES;
  if (bytes > native.cpu().memory) throw outOfMemory(bytes, `a ${dtype} tensor of shape ${shapeText(shape)}`);
  const data = emptyArray(sizeOf(shape), dtype);
  let filled = 0;
  const fill = (value: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (isRow(value)) throw raggedness(values);
      data[filled++] = checkElement(value, dtype);
      return;
    }
    if (!isRow(value) || value.length !== shape[axis]) throw raggedness(values);
    for (let i = 0; i < value.length; i++) fill(value[i], axis + 1);
  };
  fill(values, 0);
  return { data, shape };
}

/** The sizes along the first of everything. */
function nesting(values: unknown): number[] {
  const sizes: number[] = [];
  for (let inner = values; isRow(inner); inner = inner[0]) {
    sizes.push(inner.length);
    if (sizes.length > MAX_RANK) {
      throw expected(
        `arrays nested at most ${MAX_RANK} deep`,
        'tensor',
        new Text('deeper ones, or one that holds itself'),
      );
    }
  }
  return sizes;
}

function raggedness(values: unknown): TypeError {
  return expected('arrays of equal length at each depth', 'tensor', values, 'Ragged arrays have no shape.');
}

function isRow(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || types.isTypedArray(value);
}

/**
 * Numbers as the typed array of a dtype: the given one where it is such.
 *
 * @throws TypeError for what is no number, or for int32 no whole number of 32 bits
 */
export function toTypedArray(values: ArrayLike<unknown>, dtype: DType): TensorData {
  const own = dtype === 'int32' ? types.isInt32Array(values) : types.isFloat32Array(values);
  // The addon reads plain memory only: what lies in a SharedArrayBuffer is copied.
  if (own && types.isArrayBuffer((values as TensorData).buffer)) return values as TensorData;
  if (values.length > 0) checkElement(values[0], dtype); // before memory is taken for as many
  const data = emptyArray(values.length, dtype);
  for (let i = 0; i < values.length; i++) data[i] = checkElement(values[i], dtype); // a hole is undefined
  return data;
}

/** Throws unless `values` are so many numbers in an array. */
export function checkValues(values: unknown, count: number, where: string): ArrayLike<unknown> {
  if (isRow(values) && values.length === count) return values;
  throw expected(`${count} values`, where, values);
}

function checkElement(value: unknown, dtype: DType): number {
  if (typeof value !== 'number') throw expected('numbers', `a ${dtype} tensor`, value);
  if (dtype === 'int32' && (value | 0) !== value) throw expected('whole numbers of 32 bits', 'an int32 tensor', value);
  return value;
}

/** Throws unless there are as many values as the shape has elements. */
export function checkCount(count: number, shape: readonly number[]): void {
  if (count !== sizeOf(shape)) {
    throw expected(`${sizeOf(shape)} values`, `a tensor of shape ${shapeText(shape)}`, new Text(`${count}`));
  }
}

/** Elements in row-major order as arrays nested like the shape; the element itself where that has no axes. */
export function nest(values: TensorData, shape: readonly number[]): number | NestedNumbers {
  const [size, ...rest] = shape;
  if (size === undefined) return values[0];
  if (rest.length === 0) return [...values];
  const step = sizeOf(rest);
  return Array.from({ length: size }, (_, i) => nest(values.subarray(i * step, (i + 1) * step), rest) as NestedNumbers);
}
