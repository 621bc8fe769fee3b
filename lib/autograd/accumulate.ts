import { converted } from '../converted.js';
import { BINARY, native } from '../native.js';
import { type DType, empty, type Tensor } from '../tensor.js';

/** Gradients that come together: in place where nobody else holds the memory. */

/** Adds two gradients and takes over both; the sum may be in the first one's place. */
export function sumOf(present: Tensor, grad: Tensor): Tensor {
  const sum = present.storage.holders === 1 ? present : empty(present.shape, present.dtype);
  const walk = { shape: [sum.size], stridesA: [1], stridesB: [1] };
  native.binary({ y: sum, a: present, b: grad, ...walk, operation: BINARY.add });
  grad.dispose();
  if (sum !== present) present.dispose();
  return sum;
}

/** Adds a gradient, which is taken over, to what `tensor.grad` holds. */
export function addToGrad(tensor: Tensor, grad: Tensor): void {
  tensor.grad = tensor.grad === null ? grad : sumOf(tensor.grad, grad);
}

/** The gradient itself, where nobody else holds its memory, else a copy that takes its place. */
export function ownedBy(grad: Tensor): Tensor {
  return grad.storage.holders > 1 ? copyOver(empty(grad.shape, grad.dtype), grad) : grad;
}

/** Moves a gradient's elements to another tensor, and disposes it. */
export function copyOver(target: Tensor, source: Tensor): Tensor {
  if (source.dtype === 'float32') native.affine({ y: target, x: source, count: source.size, a: 1, b: 0 });
  else native.convert({ y: target, x: source, count: source.size });
  source.dispose();
  return target;
}

/** A tensor of a gradient's memory, in a shape of as many elements; of another dtype, a tensor of its own. */
export function fitted(grad: Tensor, shape: readonly number[], dtype: DType): Tensor {
  if (grad.dtype === dtype) return grad.alias(shape);
  const other = converted(grad, dtype);
  const result = other.alias(shape);
  other.dispose();
  return result;
}
