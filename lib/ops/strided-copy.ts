import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import { stridesOf } from './check-tensor.js';

/** How a copy walks, in elements; strides are by default those of a row-major `shape`, offsets 0. */
interface Walk {
  readonly shape: readonly number[];
  readonly stridesY?: readonly number[];
  readonly stridesX?: readonly number[];
  readonly offsetY?: number;
  readonly offsetX?: number;
  /** Whether it adds to what is there. */
  readonly accumulate?: boolean;
}

/** @internal y[offsetY + i . stridesY] = x[offsetX + i . stridesX] for every index i of `shape`; a stride of 0 repeats x. */
export function copyStrided(y: Tensor, x: Tensor, walk: Walk): void {
  const { shape, offsetY = 0, offsetX = 0, accumulate = false } = walk;
  const { stridesY = stridesOf(shape), stridesX = stridesOf(shape) } = walk;
  native.stridedCopy({ y, x, shape, stridesY, stridesX, offsetY, offsetX, accumulate });
}
