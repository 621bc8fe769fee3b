import { type Ref, sizeOf, zeros } from './array.js';

/** Which element of x an element of the result is, by their indices; undefined where it is 0. */
export type Source = (...index: number[]) => readonly number[] | undefined;

/** The array of `shape` each of whose elements is one of x. */
export function rearrange(x: Ref, shape: readonly number[], source: Source): Ref {
  const y = zeros(shape);
  forEachIndex(shape, (index, i) => {
    const from = source(...index);
    if (from !== undefined) y.data[i] = x.data[positionOf(from, x.shape)];
  });
  return y;
}

/** dy summed where its elements were taken from. */
export function rearrangeBackward(dy: Ref, shapeX: readonly number[], source: Source): Ref {
  const dx = zeros(shapeX);
  forEachIndex(dy.shape, (index, i) => {
    const from = source(...index);
    if (from !== undefined) dx.data[positionOf(from, shapeX)] += dy.data[i];
  });
  return dx;
}

/** Calls `body` with each index of a shape and its row-major position. */
export function forEachIndex(shape: readonly number[], body: (index: number[], position: number) => void): void {
  for (let i = 0; i < sizeOf(shape); i++) {
    let rest = i;
    const index = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    body(index, i);
  }
}

/** The row-major position of an index; throws for one outside, which would be read as NaN. */
export function positionOf(index: readonly number[], shape: readonly number[]): number {
  if (index.length !== shape.length || index.some((at, axis) => !(at >= 0 && at < shape[axis]))) {
    throw new RangeError(`(${shape.join(', ')}) has no index (${index.join(', ')})`);
  }
  return index.reduce((position, at, axis) => position * shape[axis] + at, 0);
}
