import { types } from 'node:util';
import { expected, MAX_RANK, shapeText, sizeOf, Text } from './check.js';
import { native } from './native.js';
import { outOfMemory } from './storage.js';

/** The element types of a tensor. `'bfloat16'` is what `autocast` stores: the upper half of a float32. */
export type DType = 'float32' | 'int32' | 'bfloat16';
/** All of them. */
export const DTYPES: readonly DType[] = ['float32', 'int32', 'bfloat16'];
/** The typed array that holds a tensor's elements. */
export type TensorData = Float32Array | Int32Array;
/** Numbers nested as deep as the tensor has axes. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** Bytes of an element of float32 or int32. */
export const BYTES = 4;

/** Bytes of an element. */
export function bytesOf(dtype: DType): number {
  return dtype === 'bfloat16' ? 2 : BYTES;
}

/** Bytes that so many elements take: whole words, of which the last may have room for one element more. */
export function storedBytes(size: number, dtype: DType): number {
  return BYTES * Math.ceil((size * bytesOf(dtype)) / BYTES);
}

/** A number as the words that hold it in every element: how many, and their bits. */
export function wordsOf(
  value: number,
  { size, dtype }: { size: number; dtype: DType },
): { count: number; bits: number } {
  const pair = storedValues([value, value], dtype);
  return { count: storedBytes(size, dtype) / BYTES, bits: new Uint32Array(pair.buffer)[0] };
}

/** Room for the bytes of `size` elements as they are stored, and what they are in JavaScript. */
export function storedArray(size: number, dtype: DType): { stored: TensorData | Uint16Array; values(): TensorData } {
  if (dtype !== 'bfloat16') {
    const array = emptyArray(size, dtype);
    return { stored: array, values: () => array };
  }
  const halves = new Uint16Array(size);
  return { stored: halves, values: () => widened(halves) };
}

/** Numbers as a tensor of the dtype stores them; throws as `toTypedArray`. */
export function storedValues(values: ArrayLike<unknown>, dtype: DType): TensorData | Uint16Array {
  const typed = toTypedArray(values, dtype);
  return dtype === 'bfloat16' ? narrowed(typed) : typed;
}

/** bfloat16 is the upper half of a float32. */
export function widened(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

/** Rounded to the nearest, of two as near to the even one, as the addon does; NaN stays NaN. */
function narrowed(values: TensorData): Uint16Array {
  const floats = Float32Array.from(values);
  const bits = new Uint32Array(floats.buffer);
  return Uint16Array.from(bits, (word, i) =>
    Number.isNaN(floats[i]) ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  );
}

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
