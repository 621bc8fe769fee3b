import { record } from '../autograd.js';
import { checkNumber } from '../check.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { binary, passSummed, runBinary } from './binary.js';
import { broadcastShape } from './broadcast.js';
import { checkTensor } from './check-tensor.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

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
  const y = runBinary('add', a, b, broadcastShape(shapeA, shapeB, 'add'));
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
  return binary('mul', a, b);
}

/**
 * a - b, broadcasting as NumPy does. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * Counterpart: `torch.sub`.
 */
export function sub(a: Tensor, b: Tensor | number): Tensor {
  return binary('sub', a, b);
}

/**
 * a / b, broadcasting as NumPy does. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * Counterpart: `torch.div`.
 */
export function div(a: Tensor, b: Tensor | number): Tensor {
  return binary('div', a, b);
}

/**
 * The smaller of a and b, broadcasting as NumPy does; NaN where one is. Equal ones share the gradient. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * Counterpart: `torch.minimum`.
 */
export function minimum(a: Tensor, b: Tensor | number): Tensor {
  return binary('minimum', a, b);
}

/**
 * The larger of a and b, broadcasting as NumPy does; NaN where one is. Equal ones share the gradient. `b` may be a number.
 *
 * @throws TypeError when the shapes do not broadcast
 * Counterpart: `torch.maximum`.
 */
export function maximum(a: Tensor, b: Tensor | number): Tensor {
  return binary('maximum', a, b);
}

/** a * x + b with numbers a and b. */
function affine(name: string, x: Tensor, a: number, b: number): Tensor {
  const y = empty(x.shape);
  native.affine({ y, x, count: x.size, a, b });
  return record(name, y, [x], [], (dy, grads) => {
    if (a === 1) {
      grads.pass(0, dy);
      return;
    }
    const dx = empty(dy.shape);
    native.affine({ y: dx, x: dy, count: dy.size, a, b: 0 });
    grads.pass(0, dx);
    dx.dispose();
  });
}
