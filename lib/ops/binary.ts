import { type Gradients, record } from '../autograd.js';
import { checkNumber, sizeOf } from '../check.js';
import { BINARY, gradientOf, native } from '../native.js';
import { type DType, empty, fill, type Tensor } from '../tensor.js';
import { broadcastShape, broadcastStrides } from './broadcast.js';
import { checkTensor } from './check-tensor.js';

/** The ops of two tensors that broadcast, by their number in native/kernels/binary-inl.h. */

/** f(a, b) in `shape`, to which both broadcast. */
export function runBinary(
  name: keyof typeof BINARY,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  dtype: DType = 'float32',
): Tensor {
  const y = empty(shape, dtype);
  const [stridesA, stridesB] = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
  native.binary({ y, a, b, shape, stridesA, stridesB, operation: BINARY[name] });
  return y;
}

/** f(c, a, b) in `shape`, to which all broadcast: `operation` is `WHERE` or `gradientOf`. */
export function runTernary(operation: number, c: Tensor, a: Tensor, b: Tensor, shape: readonly number[]): Tensor {
  const y = empty(shape, a.dtype); // a choice moves any four bytes
  const [stridesC, stridesA, stridesB] = [c, a, b].map((operand) => broadcastStrides(operand.shape, shape));
  native.ternary({ y, c, a, b, shape, stridesC, stridesA, stridesB, operation });
  return y;
}

/** Leaves `dy` as the gradient of input `i`, summed over the axes along which the input was repeated. */
export function passSummed(grads: Gradients, i: number, dy: Tensor, inputShape: readonly number[]): void {
  if (sizeOf(inputShape) === dy.size) {
    grads.pass(i, dy);
    return;
  }
  const ahead = dy.rank - inputShape.length;
  const kept = dy.shape.map((size, axis) => (axis < ahead || (inputShape[axis - ahead] === 1 && size !== 1) ? 0 : 1));
  const { grad, accumulate } = grads.target(i);
  native.sum({ y: grad, x: dy, shape: dy.shape, kept, scale: 1, accumulate });
}

/** Calls `fn` with `value`, where it is a number as a tensor of one element, which is released then. */
export function withOperand(value: Tensor | number, where: string, fn: (operand: Tensor) => Tensor): Tensor {
  if (typeof value !== 'number') return fn(checkTensor(value, where));
  const operand = fill(empty([]), value);
  const y = fn(operand);
  operand.dispose();
  return y;
}

/** A differentiable op of `a` with a tensor or a finite number. */
export function binary(name: keyof typeof BINARY, a: Tensor, b: Tensor | number): Tensor {
  checkTensor(a, name);
  if (typeof b === 'number') checkNumber(b, name);
  return withOperand(b, name, (other) => {
    const y = runBinary(name, a, other, broadcastShape(a.shape, other.shape, name));
    return record(name, y, [a, other], [a, other], (dy, grads, saved) => {
      const [savedA, savedB] = saved as [Tensor, Tensor]; // both saved above
      for (const i of [0, 1] as const) {
        if (!grads.wants(i)) continue;
        const part = runTernary(gradientOf(BINARY[name], i), dy, savedA, savedB, dy.shape);
        passSummed(grads, i, part, saved[i]?.shape ?? []);
        part.dispose();
      }
    });
  });
}

/** 1 where the comparison of `a` with a tensor or a finite number holds, else 0; int32, without gradient. */
export function compare(name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', a: Tensor, b: Tensor | number): Tensor {
  checkTensor(a, name);
  if (typeof b === 'number') checkNumber(b, name);
  return withOperand(b, name, (other) =>
    runBinary(name, a, other, broadcastShape(a.shape, other.shape, name), 'int32'),
  );
}
