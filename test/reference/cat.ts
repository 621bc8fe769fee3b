import { type Ref, splitAt, zeros } from './array.js';

/** The arrays end to end along `dim`, as torch.cat; the other sizes are equal. */
export function cat(xs: readonly Ref[], dim: number): Ref {
  const { axis, outer, inner } = splitAt(xs[0].shape, dim);
  const total = xs.reduce((size, x) => size + x.shape[axis], 0);
  const y = zeros(xs[0].shape.with(axis, total));
  let start = 0;
  for (const x of xs) {
    const size = x.shape[axis];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < size * inner; i++) y.data[(o * total + start) * inner + i] = x.data[o * size * inner + i];
    }
    start += size;
  }
  return y;
}

/** The part of dy that each array of `shapes` became. */
export function catBackward(dy: Ref, shapes: readonly (readonly number[])[], dim: number): Ref[] {
  const { axis, outer, size: total, inner } = splitAt(dy.shape, dim);
  let start = 0;
  return shapes.map((shape) => {
    const dx = zeros(shape);
    const size = shape[axis];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < size * inner; i++) dx.data[o * size * inner + i] = dy.data[(o * total + start) * inner + i];
    }
    start += size;
    return dx;
  });
}
