import { isRecording, record } from '../autograd.js';
import { checkShape } from '../check.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { stridesOf } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';
import { markAs } from './truth.js';

/** A part of a tensor, in whatever order: element i of `shape` is the tensor's at offset + i . strides. */
export interface View {
  shape: readonly number[];
  /** In elements; 0 repeats, and a negative one runs backwards. */
  strides: readonly number[];
  offset: number;
}

/** All of a tensor, as it lies. */
export function wholeOf(x: Tensor): { shape: number[]; strides: number[]; offset: number } {
  return { shape: [...x.shape], strides: stridesOf(x.shape), offset: 0 };
}

/** A tensor of undefined content, of the dtype of another. */
export function emptyOf<T extends Tensor>(x: T, shape: readonly number[]): T {
  return empty([...shape], x.dtype) as T; // of its dtype
}

/** What a view shows, as a tensor of its own; not part of the graph. */
export function copyView<T extends Tensor>(x: T, { shape, strides, offset }: View): T {
  const y = emptyOf(x, shape);
  copyStrided(y, x, { shape, stridesX: strides, offsetX: offset });
  markAs(x, y);
  return y;
}

/** What a view that shows no element twice shows, copied; its gradient goes back to where it came from. */
export function takeView<T extends Tensor>(name: string, x: T, view: View): T {
  const { shape, strides, offset } = view;
  return record(name, copyView(x, view), [x], [], (dy, grads) => {
    const { grad, accumulate } = grads.target(0);
    if (!accumulate) fill(grad, 0);
    copyStrided(grad, dy, { shape, stridesY: strides, offsetY: offset, accumulate: true });
  });
}

/** The same elements under another shape of as many; shares memory. */
export function underShape<T extends Tensor>(name: string, x: T, shape: readonly number[]): T {
  const y = x.view(checkShape(shape, name), isRecording()) as T; // of its dtype
  markAs(x, y);
  return record(name, y, [x], [], (dy, grads) => grads.pass(0, dy));
}
