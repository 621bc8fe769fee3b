import { type Ref, reshape, splitAt, zeros } from './array.js';
import { broadcastIndex } from './broadcast.js';

/** `shape` with a 1 at each of `dims`: what a reduction leaves when the dimensions are kept. */
export function keptShape(shape: readonly number[], dims: readonly number[]): number[] {
  const reduced = new Set(dims.map((dim) => splitAt(shape, dim).axis));
  return shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
}

/** The sum over `dims`, as torch.sum(x, dims, keepDim). */
export function sum(x: Ref, dims: readonly number[], keepDim = false): Ref {
  const kept = zeros(keptShape(x.shape, dims));
  const at = broadcastIndex(kept.shape, x.shape);
  for (let i = 0; i < x.data.length; i++) kept.data[at[i]] += x.data[i];
  if (keepDim) return kept;
  const reduced = new Set(dims.map((dim) => splitAt(x.shape, dim).axis));
  return reshape(
    kept,
    x.shape.filter((_, axis) => !reduced.has(axis)),
  );
}

/** dy, with or without the kept dimensions, spread over `shape`. */
export function sumBackward(dy: Ref, shape: readonly number[], dims: readonly number[]): Ref {
  const kept = reshape(dy, keptShape(shape, dims));
  const dx = zeros(shape);
  const at = broadcastIndex(kept.shape, shape);
  for (let i = 0; i < dx.data.length; i++) dx.data[i] = kept.data[at[i]];
  return dx;
}
