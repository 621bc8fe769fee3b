import { type Ref, splitAt, zeros } from './array.js';

/** The elements start <= i < end of dimension `dim`, 0 <= start <= end <= size. */
export function slice(x: Ref, dim: number, start: number, end: number): Ref {
  const { axis, outer, size, inner } = splitAt(x.shape, dim);
  const kept = end - start;
  const y = zeros(x.shape.with(axis, kept));
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < kept * inner; i++) y.data[o * kept * inner + i] = x.data[(o * size + start) * inner + i];
  }
  return y;
}

/** dy at its place in zeros of `shape`. */
export function sliceBackward(dy: Ref, shape: readonly number[], dim: number, start: number): Ref {
  const { axis, outer, size, inner } = splitAt(shape, dim);
  const kept = dy.shape[axis];
  const dx = zeros(shape);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < kept * inner; i++) dx.data[(o * size + start) * inner + i] = dy.data[o * kept * inner + i];
  }
  return dx;
}
