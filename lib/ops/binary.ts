import { type Gradients, record } from '../autograd.js';
import { checkNumber, expected, sizeOf } from '../check.js';
import { BINARY, BINARY_INT32, gradientOf, native } from '../native.js';
import { type DType, empty, fill, type Tensor } from '../tensor.js';
import { broadcastShape, broadcastStrides } from './broadcast.js';
import { cast } from './cast.js';
import { checkTensor } from './check-tensor.js';
import { markAnswers } from './truth.js';

/** The ops of two tensors that broadcast, by their number in native/kernels/binary-inl.h. */

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** What arithmetic of a tensor of type T gives: float32 of float32, of others float32 or int32. */
export type Arithmetic<T> = T extends Tensor<infer D> ? Tensor<[D] extends ['float32'] ? 'float32' : DType> : never;

/** f(a, b) in `shape`, to which both broadcast; the operation by its number. */
function run(operation: number, a: Tensor, b: Tensor, shape: readonly number[], dtype: DType): Tensor {
  const y = empty(shape, dtype);
  const [stridesA, stridesB] = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
  native.binary({ y, a, b, shape, stridesA, stridesB, operation });
  return y;
}

/** f(a, b) of tensors of floats in `shape`, to which both broadcast. */
export function runBinary(
  name: keyof typeof BINARY,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  dtype: DType = promoted(a, b),
): Tensor {
  return run(BINARY[name], a, b, shape, dtype);
}

/** The dtype of what two tensors make, as PyTorch promotes them. */
export function promoted(a: Tensor, b: Tensor): DType {
  if (a.dtype === b.dtype) return a.dtype;
  const floats = [a, b].filter(({ dtype }) => dtype !== 'int32');
  return floats.every(({ dtype }) => dtype === 'bfloat16') ? 'bfloat16' : 'float32';
}

/** f(a, b) of int32 tensors, int32 as well. */
export function runInt32(name: keyof typeof BINARY_INT32, a: Tensor, b: Tensor): Tensor<'int32'> {
  return run(BINARY_INT32[name], a, b, broadcastShape(a.shape, b.shape, name), 'int32') as Tensor<'int32'>; // as asked
}

/** f(c, a, b) in `shape`, to which all broadcast: `operation` is `WHERE` or `gradientOf`. */
export function runTernary(operation: number, c: Tensor, a: Tensor, b: Tensor, shape: readonly number[]): Tensor {
  const y = empty(shape, promoted(a, b)); // a choice moves any four bytes
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

/**
 * Calls `fn` with two operands, both int32 or both floats, and the dtype of their result, as PyTorch promotes them: int32 where both are,
 * a whole number counting as either. An int32 or a number beside floats becomes one of their dtype; for `arithmetic` a number beside bfloat16
 * stays float32, so that the result is rounded once. What is made for it is released then.
 */
export function withOperands<T>(
  a: Tensor | number,
  b: Tensor | number,
  where: string,
  fn: (a: Tensor, b: Tensor, dtype: DType) => T,
  arithmetic = false,
): T {
  const tensors = [a, b].filter((value) => typeof value !== 'number');
  for (const given of tensors) checkTensor(given, where, { dtype: given?.dtype });
  const whole = [a, b].every((value) =>
    typeof value === 'number' ? Number.isInteger(value) : value.dtype === 'int32',
  );
  const half = tensors.every(({ dtype }) => dtype !== 'float32') && tensors.some(({ dtype }) => dtype === 'bfloat16');
  const dtype: DType = whole && tensors.length > 0 ? 'int32' : half ? 'bfloat16' : 'float32';
  const numbers = arithmetic && dtype === 'bfloat16' ? 'float32' : dtype;
  const made: Tensor[] = [];
  const operand = (value: Tensor | number): Tensor => {
    if (typeof value !== 'number' && (value.dtype === 'int32') === (dtype === 'int32')) return value;
    const result = typeof value === 'number' ? fill(empty([], numbers), value) : cast(value, dtype);
    made.push(result);
    return result;
  };
  try {
    return fn(operand(a), operand(b), dtype);
  } finally {
    for (const tensor of made) tensor.dispose();
  }
}

/** A differentiable op of `a` with a tensor or a finite number; of integers, where there is one for them. */
export function binary(name: keyof typeof BINARY, a: Tensor, b: Tensor | number): Tensor {
  checkTensor(a, name, { dtype: a?.dtype });
  if (typeof b === 'number') checkNumber(b, name);
  const op = (x: Tensor, z: Tensor, dtype: DType): Tensor => {
    if (dtype !== 'int32') return differentiable(name, x, z, dtype);
    const operation = name as keyof typeof BINARY_INT32; // asked next
    if (!Object.hasOwn(BINARY_INT32, name)) {
      throw expected('a float32 tensor', name, a, "Give it to('float32').");
    }
    return runInt32(operation, x, z);
  };
  return withOperands(a, b, name, op, true);
}

function differentiable(name: keyof typeof BINARY, a: Tensor, b: Tensor, dtype: DType): Tensor {
  const y = runBinary(name, a, b, broadcastShape(a.shape, b.shape, name), dtype);
  return record(name, y, [a, b], [a, b], (dy, grads, saved) => {
    const [savedA, savedB] = saved as [Tensor, Tensor]; // both saved above
    for (const i of [0, 1] as const) {
      if (!grads.wants(i)) continue;
      const part = runTernary(gradientOf(BINARY[name], i), dy, savedA, savedB, dy.shape);
      passSummed(grads, i, part, saved[i]?.shape ?? []);
      part.dispose();
    }
  });
}

/** a + b of floats, broadcasting, computed in float32 and rounded once to `dtype`, by default the promoted one. */
export function sumOf(a: Tensor, b: Tensor, dtype: DType = promoted(a, b)): Tensor {
  const shapeA = a.shape;
  const shapeB = b.shape;
  const y = runBinary('add', a, b, broadcastShape(shapeA, shapeB, 'add'), dtype);
  return record('add', y, [a, b], [], (dy, grads) => {
    if (grads.wants(0)) passSummed(grads, 0, dy, shapeA);
    if (grads.wants(1)) passSummed(grads, 1, dy, shapeB);
  });
}

/** 1 where the comparison of `a` with a tensor or a finite number holds, else 0; int32, without gradient. */
export function compare(name: Comparison, a: Tensor, b: Tensor | number): Tensor<'int32'> {
  checkTensor(a, name, { dtype: a?.dtype });
  if (typeof b === 'number') checkNumber(b, name);
  return withOperands(a, b, name, (x, z, dtype) => {
    const operation = (dtype === 'int32' ? BINARY_INT32 : BINARY)[name];
    return markAnswers(run(operation, x, z, broadcastShape(x.shape, z.shape, name), 'int32') as Tensor<'int32'>); // as asked
  });
}
