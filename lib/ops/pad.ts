import { record } from '../autograd.js';
import { checkInteger, expected } from '../check.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';

/** How much is put around an image. */
export type Padding = readonly [top: number, bottom: number, left: number, right: number];

/**
 * `x` with a border of one value around its last two axes.
 *
 * @param x (...,H,W)
 * @param padding rows and columns to add on each side
 * @param value what the border holds. Default 0; may be infinite.
 * @returns (..., top+H+bottom, left+W+right)
 * @throws TypeError for fewer than two axes or sizes that are no whole numbers
 * @see `torch.nn.functional.pad` with a constant, whose order is left, right, top, bottom
 */
export function pad(x: Tensor, padding: Padding, value = 0): Tensor<'float32'> {
  checkTensor(x, 'pad input', { minRank: 2, letters: '(...,H,W)' });
  if (!Array.isArray(padding) || padding.length !== 4) {
    throw expected('four sizes (top, bottom, left, right)', 'pad padding', padding);
  }
  for (const size of padding) checkInteger(size, 'pad padding');
  const [top, bottom, left, right] = padding as Padding; // four, checked above
  const inner = x.shape;
  const [h, w] = inner.slice(-2) as [number, number]; // two axes at least
  const shape = [...inner.slice(0, -2), top + h + bottom, left + w + right];
  const strides = stridesOf(shape);
  const offset = top * (left + w + right) + left;
  const y = fill(empty(shape), value);
  copyStrided(y, x, { shape: inner, stridesY: strides, offsetY: offset });
  return record('pad', y, [x], [], (dy, grads) => {
    const { grad, accumulate } = grads.target(0);
    copyStrided(grad, dy, { shape: inner, stridesX: strides, offsetX: offset, accumulate });
  });
}
