import { type Ref, splitAt, zeros } from './array.js';

/** x with two dimensions exchanged, as torch.transpose; its own inverse, and so its own backward. */
export function transpose(x: Ref, dim0: number, dim1: number): Ref {
  const [first, second] = [splitAt(x.shape, dim0).axis, splitAt(x.shape, dim1).axis].sort((a, b) => a - b);
  if (first === second) return { shape: [...x.shape], data: Float64Array.from(x.data) };
  const y = zeros(x.shape.with(first, x.shape[second]).with(second, x.shape[first]));
  // x seen as (outer, P, middle, Q, inner), y as (outer, Q, middle, P, inner).
  const { outer, size: P, inner: belowFirst } = splitAt(x.shape, first);
  const { size: Q, inner } = splitAt(x.shape, second);
  const middle = x.data.length === 0 ? 0 : belowFirst / (Q * inner);
  for (let o = 0; o < outer; o++) {
    for (let p = 0; p < P; p++) {
      for (let m = 0; m < middle; m++) {
        for (let q = 0; q < Q; q++) {
          const from = (((o * P + p) * middle + m) * Q + q) * inner;
          const to = (((o * Q + q) * middle + m) * P + p) * inner;
          for (let i = 0; i < inner; i++) y.data[to + i] = x.data[from + i];
        }
      }
    }
  }
  return y;
}

/** The gradient of {@link transpose}. */
export function transposeBackward(dy: Ref, dim0: number, dim1: number): Ref {
  return transpose(dy, dim0, dim1);
}
