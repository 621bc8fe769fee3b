import { type Gradients, record } from '../autograd.js';
import { checkNumber, sizeOf } from '../check.js';
import { BINARY, native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { broadcastShape, broadcastStrides } from './broadcast.js';
import { checkTensor } from './check-tensor.js';

function run(operation: number, a: Tensor, b: Tensor, shape: readonly number[]): Tensor {
  const y = empty(shape);
  native.binary(
    y.handle,
    a.handle,
    b.handle,
    shape,
    broadcastStrides(a.shape, shape),
    broadcastStrides(b.shape, shape),
    operation,
  );
  return y;
}

/** Leaves `dy` as the gradient of input `i`, summed over the axes along which the input was repeated. */
function passSummed(grads: Gradients, i: number, dy: Tensor, inputShape: readonly number[]): void {
  if (sizeOf(inputShape) === dy.size) {
    grads.pass(i, dy);
    return;
  }
  const ahead = dy.rank - inputShape.length;
  const kept = dy.shape.map((size, axis) => (axis < ahead || (inputShape[axis - ahead] === 1 && size !== 1) ? 0 : 1));
  const { grad, accumulate } = grads.target(i);
  native.sum(grad.handle, dy.handle, dy.shape, kept, 1, accumulate);
}

/**
 * a + b, broadcasting as NumPy does. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * Counterpart: `torch.add`.
 */
export function add(a: Tensor, b: Tensor | number): Tensor {
  checkTensor(a, 'add');
  if (typeof b === 'number') return affine('add', a, 1, checkNumber(b, 'add'));
  checkTensor(b, 'add');
  const shapeA = a.shape;
  const shapeB = b.shape;
  const y = run(BINARY.add, a, b, broadcastShape(shapeA, shapeB, 'add'));
  return record('add', y, [a, b], [], (dy, grads) => {
    if (grads.wants(0)) passSummed(grads, 0, dy, shapeA);
    if (grads.wants(1)) passSummed(grads, 1, dy, shapeB);
  });
}

/**
 * a * b, broadcasting as NumPy does. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * Counterpart: `torch.mul`.
 */
export function mul(a: Tensor, b: Tensor | number): Tensor {
  checkTensor(a, 'mul');
  if (typeof b === 'number') return affine('mul', a, checkNumber(b, 'mul'), 0);
  checkTensor(b, 'mul');
  const y = run(BINARY.mul, a, b, broadcastShape(a.shape, b.shape, 'mul'));
  return record('mul', y, [a, b], [a, b], (dy, grads, saved) => {
    for (const i of [0, 1]) {
      if (!grads.wants(i)) continue;
      const [own, other] = [saved[i] as Tensor, saved[1 - i] as Tensor]; // both saved above
      const product = run(BINARY.mul, dy, other, dy.shape);
      passSummed(grads, i, product, own.shape);
      product.dispose();
    }
  });
}

/** a * x + b with numbers a and b. */
function affine(name: string, x: Tensor, a: number, b: number): Tensor {
  const y = empty(x.shape);
  native.affine(y.handle, x.handle, x.size, a, b);
  return record(name, y, [x], [], (dy, grads) => {
    if (a === 1) {
      grads.pass(0, dy);
      return;
    }
    const dx = empty(dy.shape);
    native.affine(dx.handle, dy.handle, dy.size, a, 0);
    grads.pass(0, dx);
    dx.dispose();
  });
}
