import { expected, shapeText } from '../check.js';
import { type DType, Tensor } from '../tensor.js';

/** What an op asks of a tensor argument. */
export interface Wanted {
  /** Default `'float32'`, which bfloat16 does for as well. */
  dtype?: DType;
  /** The number of axes, exactly or at least. */
  rank?: number;
  minRank?: number;
  /** The exact shape; null stands for any size. */
  shape?: readonly (number | null)[];
  /** What the shape means, as letters: `(N,C,H,W)`. */
  letters?: string;
}

/** Throws unless `value` is a live tensor as wanted. */
export function checkTensor(value: unknown, where: string, wanted: Wanted = {}): Tensor {
  if (!(value instanceof Tensor)) {
    const foreign = typeof value === 'object' && value !== null && (isShaped(value) || isClone(value));
    throw expected(
      'a Tensor',
      where,
      value,
      foreign
        ? 'Tensors stay with the thread and the copy of vitrine that made them: send data() to another worker, and make a tensor of it there.'
        : 'Make one with tensor(values, shape).',
    );
  }
  void value.storage; // throws when disposed
  const dtype = wanted.dtype ?? 'float32';
  const letters = wanted.letters === undefined ? '' : ` ${wanted.letters}`;
  const does = value.dtype === dtype || (dtype === 'float32' && value.dtype === 'bfloat16');
  if (!does) throw expected(`a ${dtype} tensor`, where, value);
  if (wanted.rank !== undefined && value.rank !== wanted.rank) {
    throw expected(`a tensor${letters} of ${wanted.rank} axes`, where, value);
  }
  if (wanted.minRank !== undefined && value.rank < wanted.minRank) {
    throw expected(`a tensor${letters} of at least ${wanted.minRank} axes`, where, value);
  }
  const { shape } = wanted;
  if (shape !== undefined && !fits(value.shape, shape)) {
    throw expected(
      `a tensor of shape ${shapeText(shape.map((size) => size ?? -1)).replaceAll('-1', '*')}`,
      where,
      value,
    );
  }
  return value;
}

/** A tensor of another copy of vitrine. */
function isShaped(value: object): boolean {
  return 'shape' in value && 'dtype' in value;
}

/** What is left of a tensor that was posted to another thread. */
function isClone(value: object): boolean {
  return Object.keys(value).join() === 'id';
}

function fits(shape: readonly number[], wanted: readonly (number | null)[]): boolean {
  return shape.length === wanted.length && wanted.every((size, axis) => size === null || size === shape[axis]);
}

/** The row-major strides of a shape, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  }
  return strides;
}

/** The last size of a shape that has axes. */
export function lastOf(shape: readonly number[]): number {
  return shape[shape.length - 1];
}
