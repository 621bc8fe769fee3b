import { sizeOf } from './array.js';

/** What two shapes broadcast to, by NumPy's rule (aligned at the right, a 1 stretches); throws if they do not. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const sizeA = a[i - rank + a.length] ?? 1;
    const sizeB = b[i - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw new RangeError(`The shapes (${a.join(', ')}) and (${b.join(', ')}) do not broadcast`);
    }
    return sizeA === 1 ? sizeB : sizeA;
  });
}

/** For each element of `target`, in row-major order, the flat index of the element of `shape` stretched there. */
export function broadcastIndex(shape: readonly number[], target: readonly number[]): Int32Array {
  const lead = target.length - shape.length;
  return new Int32Array(sizeOf(target)).map((_, flat) => {
    let index = 0;
    let stride = 1;
    let rest = flat;
    for (let i = target.length - 1; i >= lead; i--) {
      const position = rest % target[i];
      rest = (rest - position) / target[i];
      if (shape[i - lead] !== 1) index += position * stride;
      stride *= shape[i - lead];
    }
    return index;
  });
}
