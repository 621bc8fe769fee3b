import { expected, shapeText, Text } from '../check.js';
import { stridesOf } from './check-tensor.js';

/** The shape that `a` and `b` broadcast to, or an error that names both. */
export function broadcastShape(a: readonly number[], b: readonly number[], where: string): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - (rank - a.length)] ?? 1;
    const y = b[axis - (rank - b.length)] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw expected('shapes that broadcast', where, new Text(`${shapeText(a)} and ${shapeText(b)}`));
    }
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

/** Strides of a tensor of shape `from` read as `to`: 0 where it repeats. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  const ahead = to.length - from.length;
  return to.map((_, axis) => (axis < ahead || from[axis - ahead] === 1 ? 0 : strides[axis - ahead]));
}
