import { map, type Ref, sizeOf } from './array.js';
import { keptShape, sum, sumBackward } from './sum.js';

function countOf(shape: readonly number[], dims: readonly number[]): number {
  return sizeOf(shape.filter((size, axis) => keptShape(shape, dims)[axis] !== size));
}

/** The mean over `dims`, as torch.mean(x, dims, keepDim); NaN over nothing. */
export function mean(x: Ref, dims: readonly number[], keepDim = false): Ref {
  const count = countOf(x.shape, dims);
  return map(sum(x, dims, keepDim), (value) => value / count);
}

/** dy / count, spread over `shape`. */
export function meanBackward(dy: Ref, shape: readonly number[], dims: readonly number[]): Ref {
  const count = countOf(shape, dims);
  return map(sumBackward(dy, shape, dims), (value) => value / count);
}
