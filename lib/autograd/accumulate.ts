import { BINARY, native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';

/** Gradients that come together: in place where nobody else holds the memory. */

/** Adds two gradients and takes over both; the sum may be in the first one's place. */
export function sumOf(present: Tensor, grad: Tensor): Tensor {
  const sum = present.storage.holders === 1 ? present : empty(present.shape);
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
  return grad.storage.holders > 1 ? copyOver(empty(grad.shape), grad) : grad;
}

/** Moves a gradient's elements to another tensor, and disposes it. */
export function copyOver(target: Tensor, source: Tensor): Tensor {
  native.affine({ y: target, x: source, count: source.size, a: 1, b: 0 });
  source.dispose();
  return target;
}
