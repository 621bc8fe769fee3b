/** A float64 array, contiguous and row-major: what every op of the reference takes and gives. */
export interface Ref {
  shape: number[];
  data: Float64Array;
}

/** The number of elements of `shape`; 1 for a scalar's empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An array of `shape` with a copy of `values`; throws when their count differs. */
export function ref(shape: readonly number[], values: ArrayLike<number>): Ref {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`${values.length} values do not fill the shape (${shape.join(', ')})`);
  }
  return { shape: [...shape], data: Float64Array.from(values) };
}

export function full(shape: readonly number[], value: number): Ref {
  return { shape: [...shape], data: new Float64Array(sizeOf(shape)).fill(value) };
}

export function zeros(shape: readonly number[]): Ref {
  return full(shape, 0);
}

/** The same elements under another shape; the data is shared, as in `Tensor.reshape`. */
export function reshape(x: Ref, shape: readonly number[]): Ref {
  if (sizeOf(shape) !== x.data.length) {
    throw new RangeError(`The shape (${x.shape.join(', ')}) does not reshape to (${shape.join(', ')})`);
  }
  return { shape: [...shape], data: x.data };
}

export function map(x: Ref, f: (value: number, index: number) => number): Ref {
  return { shape: [...x.shape], data: x.data.map(f) };
}

/** The last size of x and how many rows of it there are. */
export function rowsOf(x: Ref): { rows: number; width: number } {
  if (x.shape.length === 0) throw new RangeError('A scalar has no last dimension');
  return { rows: sizeOf(x.shape.slice(0, -1)), width: x.shape[x.shape.length - 1] };
}

/** Views x as (outer, size, inner) about dimension `dim`, which may be negative to count from the end. */
export function splitAt(
  shape: readonly number[],
  dim: number,
): { axis: number; outer: number; size: number; inner: number } {
  const axis = dim < 0 ? dim + shape.length : dim;
  if (!(axis >= 0 && axis < shape.length)) throw new RangeError(`(${shape.join(', ')}) has no dimension ${dim}`);
  return { axis, outer: sizeOf(shape.slice(0, axis)), size: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/** Throws unless both shapes are the same: a wrong shape must not slip by as a silent NaN. */
export function requireShape(name: string, x: Ref, shape: readonly number[]): void {
  if (x.shape.length !== shape.length || x.shape.some((size, i) => size !== shape[i])) {
    throw new RangeError(`${name} is (${x.shape.join(', ')}) but (${shape.join(', ')}) is needed`);
  }
}
