import { record } from '../autograd.js';
import { checkDim, checkShape, expected } from '../check.js';
import { type DType, Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';
import { copyStrided } from './strided-copy.js';
import { emptyOf } from './view.js';

/**
 * Tensors one after the other along an existing axis.
 *
 * @param tensors at least one, of one dtype, alike in all axes but `dim`
 * @param dim the axis, counted from the end when negative. Default 0.
 * @throws TypeError when shapes or dtypes do not go together
 * @see `torch.cat`
 */
export function cat<T extends Tensor>(tensors: readonly T[], dim = 0): T {
  const first = firstOf(tensors, 'cat');
  checkTensor(first, 'cat', { dtype: first.dtype, minRank: 1 });
  const axis = checkDim(dim, first.rank, 'cat dim');
  const wanted = first.shape.map((size, i) => (i === axis ? null : size));
  for (const item of tensors) checkTensor(item, 'cat', { dtype: kindOf(first, item), shape: wanted });
  return joined(
    'cat',
    tensors,
    tensors.map((item) => item.shape),
    axis,
  );
}

/**
 * Tensors side by side along a new axis.
 *
 * @param tensors at least one, of one dtype and shape
 * @param dim where the new axis will be; negative counts from the end, -1 being after all axes. Default 0.
 * @throws TypeError when shapes or dtypes differ
 * @see `torch.stack`
 */
export function stack<T extends Tensor>(tensors: readonly T[], dim = 0): T {
  const first = firstOf(tensors, 'stack');
  const axis = checkDim(dim, first.rank + 1, 'stack dim');
  for (const item of tensors) checkTensor(item, 'stack', { dtype: kindOf(first, item), shape: first.shape });
  return joined(
    'stack',
    tensors,
    tensors.map((item) => item.shape.toSpliced(axis, 0, 1)),
    axis,
  );
}

/** The dtype asked of a tensor beside the first: floats of both kinds go together, and become float32. */
function kindOf(first: Tensor, item: unknown): DType {
  const areFloats = item instanceof Tensor && first.dtype !== 'int32' && item.dtype !== 'int32';
  return areFloats ? item.dtype : first.dtype;
}

function firstOf(tensors: readonly Tensor[], where: string): Tensor {
  const first = Array.isArray(tensors) ? (tensors as readonly Tensor[])[0] : undefined;
  if (first === undefined) throw expected('an array of at least one tensor', where, tensors);
  return checkTensor(first, where, { dtype: first?.dtype });
}

/** Tensors, taken for such of these shapes, one after the other along an axis of theirs. */
function joined<T extends Tensor>(
  name: string,
  tensors: readonly T[],
  shapes: readonly (readonly number[])[],
  axis: number,
): T {
  const starts: number[] = [];
  let total = 0;
  for (const part of shapes) {
    starts.push(total);
    total += part[axis];
  }
  const shape = shapes[0].with(axis, total); // one tensor at least
  const wide = tensors.find(({ dtype }) => dtype === 'float32'); // floats of both kinds become float32
  const y = emptyOf(wide ?? tensors[0], checkShape(shape, name));
  const strides = stridesOf(shape);
  const step = strides[axis];
  for (const [i, item] of tensors.entries()) {
    const part = shapes[i];
    const offset = starts[i] * step; // one start a tensor
    copyStrided(y, item, { shape: part, stridesY: strides, offsetY: offset });
  }
  return record(name, y, tensors, [], (dy, grads) => {
    for (const [i, part] of shapes.entries()) {
      if (!grads.wants(i)) continue;
      const { grad, accumulate } = grads.target(i);
      const offset = starts[i] * step; // one start a tensor
      copyStrided(grad, dy, { shape: part, stridesX: strides, offsetX: offset, accumulate });
    }
  });
}
