import { type Gradients, recordChange, willChange } from '../autograd.js';
import { checkNumber, expected, shapeText, Text } from '../check.js';
import { BINARY, BINARY_INT32, gradientOf, native, UNARY } from '../native.js';
import { scope } from '../scope.js';
import { type DType, empty, fill, Tensor } from '../tensor.js';
import { passSummed, runTernary, withOperands } from './binary.js';
import { broadcastStrides } from './broadcast.js';
import { cast } from './cast.js';
import { checkTensor } from './check-tensor.js';
import { type ClampOptions, checkClamp } from './clamp-options.js';
import { clampInt32 } from './int32.js';
import { copyStrided } from './strided-copy.js';

/**
 * What is here is a method of `Tensor` (lib/methods.ts): ops that change their tensor in place, in order with all others
 * on the stream, and give it back. An operand broadcasts to the tensor, which keeps its shape and dtype.
 *
 * Gradients are PyTorch's: a change of a computed tensor is a part of its graph, and of that of its other shapes
 * (`reshape`, `flatten`, `squeeze` ... share memory; parts, such as `select` gives, are copies here). A leaf that
 * requires a gradient may be changed inside `noGrad` only. Where an op before has saved the tensor for its gradient,
 * `backward` refuses, and names that op.
 */

type Arithmetic = 'add' | 'sub' | 'mul' | 'div';

/**
 * x += other.
 *
 * @throws TypeError when `other` does not broadcast to `x`, or is no int32 where `x` is; or for a leaf with requiresGrad
 * @see `torch.Tensor.add_`
 */
export function add_<T extends Tensor>(x: T, other: Tensor | number): T {
  return arithmetic('add', x, other);
}

/**
 * x -= other.
 *
 * @throws TypeError as `add_`
 * @see `torch.Tensor.sub_`
 */
export function sub_<T extends Tensor>(x: T, other: Tensor | number): T {
  return arithmetic('sub', x, other);
}

/**
 * x *= other.
 *
 * @throws TypeError as `add_`
 * @see `torch.Tensor.mul_`
 */
export function mul_<T extends Tensor>(x: T, other: Tensor | number): T {
  return arithmetic('mul', x, other);
}

/**
 * x /= other.
 *
 * @throws TypeError as `add_`, and for int32, whose quotients are float32
 * @see `torch.Tensor.div_`
 */
export function div_<T extends Tensor>(x: T, other: Tensor | number): T {
  if (x instanceof Tensor && x.dtype === 'int32') throw expected('a float32 tensor', 'div_', x, 'See div.');
  return arithmetic('div', x, other);
}

function arithmetic<T extends Tensor>(name: Arithmetic, x: T, other: Tensor | number): T {
  const where = `${name}_`;
  checkTensor(x, where, { dtype: x?.dtype });
  if (typeof other === 'number') checkNumber(other, where);
  const op = (a: Tensor, b: Tensor, dtype: DType): void => {
    if (x.dtype === 'int32' && dtype !== 'int32')
      throw expected('an int32 tensor or a whole number', where, other, 'The target is int32.');
    change(name, a, b, checkBroadcasts(b, x, where), typeof other === 'number' ? b : other);
  };
  withOperands(x, other, where, op, true);
  return x;
}

/** The strides of an operand, read as the target. */
function checkBroadcasts(operand: Tensor, { shape }: Tensor, where: string): number[] {
  const ahead = shape.length - operand.rank;
  if (ahead < 0 || !operand.shape.every((size, axis) => size === 1 || size === shape[axis + ahead])) {
    throw expected(`an operand that broadcasts to ${shapeText(shape)}`, where, operand);
  }
  return broadcastStrides(operand.shape, shape);
}

/** @param given the operand itself, before it was cast: where its gradient goes */
function change(name: Arithmetic, x: Tensor, operand: Tensor, stridesB: number[], given: Tensor): void {
  const recorded = willChange(`${name}_`, x, [given]);
  const { shape } = x;
  const sum = name === 'add' || name === 'sub';
  // What the gradients are computed from must not lie where the result will.
  const factor = recorded && !sum && operand.storage === x.storage ? copyOf(operand) : operand;
  const former = recorded && !sum && given.requiresGrad ? copyOf(x) : factor;
  const operation = x.dtype === 'int32' ? BINARY_INT32[name as 'add'] : BINARY[name];
  native.binary({ y: x, a: x, b: operand, shape, stridesA: broadcastStrides(shape, shape), stridesB, operation });
  const shapes = [shape, given.shape];
  const saved = sum ? [] : [former, factor];
  recordChange(`${name}_`, recorded, [x, given], saved, ([dy], grads, [a = dy, b = dy]) => {
    for (const i of [0, 1] as const) {
      if (dy === undefined || a === undefined || b === undefined || !grads.wants(i)) continue; // there is one output
      if (name === 'add' || (name === 'sub' && i === 0)) {
        passSummed(grads, i, dy, shapes[i]);
        continue;
      }
      const part = runTernary(gradientOf(BINARY[name], i), dy, a, b, shape);
      passSummed(grads, i, part, shapes[i]);
      part.dispose();
    }
  });
  for (const copy of new Set([factor, former])) if (copy !== operand) copy.dispose();
}

/**
 * The elements of another tensor, of any dtype, or a number everywhere.
 *
 * @throws TypeError when `source` does not broadcast to `x`, or for a leaf with requiresGrad
 * @see `torch.Tensor.copy_`
 */
export function copy_<T extends Tensor>(x: T, source: Tensor | number): T {
  checkTensor(x, 'copy_', { dtype: x?.dtype });
  if (typeof source === 'number') return overwrite('copy_', x, source);
  checkTensor(source, 'copy_ source', { dtype: source?.dtype });
  return overwrite('copy_', x, source);
}

/**
 * A number everywhere, or the element of a tensor without axes.
 *
 * @param value of int32 a whole number of 32 bits; of float32 any, infinities and NaN too
 * @throws TypeError for another value, or for a leaf with requiresGrad
 * @see `torch.Tensor.fill_`
 */
export function fill_<T extends Tensor>(x: T, value: Tensor | number): T {
  checkTensor(x, 'fill_', { dtype: x?.dtype });
  if (typeof value !== 'number') checkTensor(value, 'fill_ value', { dtype: value?.dtype, shape: [] });
  return overwrite('fill_', x, value);
}

/**
 * 0 everywhere.
 *
 * @throws TypeError for a leaf with requiresGrad
 * @see `torch.Tensor.zero_`
 */
export function zero_<T extends Tensor>(x: T): T {
  return overwrite('zero_', checkTensor(x, 'zero_', { dtype: x?.dtype }) as T, 0); // the same
}

/** What was there has no part in the result, and gets a gradient of 0. */
function overwrite<T extends Tensor>(name: string, x: T, source: Tensor | number): T {
  const operands = source instanceof Tensor ? [source] : [];
  const stridesX = source instanceof Tensor ? checkBroadcasts(source, x, name) : [];
  if (typeof source === 'number' && x.dtype === 'int32' && (source | 0) !== source) {
    throw expected('a whole number of 32 bits', `${name} on int32`, source);
  }
  const recorded = willChange(name, x, x.dtype !== 'int32' ? operands : []) && x.dtype !== 'int32';
  if (typeof source === 'number') fill(x, source);
  else copyCast(x, source, stridesX);
  const shapes = operands.map(({ shape }) => shape);
  recordChange(name, recorded, [x, ...operands], [], ([dy], grads) => {
    if (grads.wants(0)) passZeros(grads, 0);
    if (dy !== undefined && grads.wants(1)) passSummed(grads, 1, dy, shapes[0] ?? []);
  });
  return x;
}

function copyCast(x: Tensor, source: Tensor, stridesX: number[]): void {
  const same = source.dtype === x.dtype ? source : cast(source, x.dtype);
  copyStrided(x, same, { shape: x.shape, stridesX });
  if (same !== source) same.dispose();
}

function passZeros(grads: Gradients, i: number): void {
  const { grad, accumulate } = grads.target(i);
  if (!accumulate) fill(grad, 0);
}

/**
 * x held within [min, max]; NaN stays. The gradient passes where x was within, both ends included.
 *
 * @throws TypeError for no bound at all, bounds of int32 that are not whole, or a leaf with requiresGrad
 * @see `torch.Tensor.clamp_`
 */
export function clamp_<T extends Tensor>(x: T, options: ClampOptions): T {
  checkTensor(x, 'clamp_', { dtype: x?.dtype });
  const [p, q] = checkClamp(options, 'clamp_');
  const broken = [p, q].find((bound) => Number.isFinite(bound) && !Number.isInteger(bound));
  if (x.dtype === 'int32' && broken !== undefined)
    throw expected('whole bounds', 'clamp_ on int32', new Text(`${broken}`));
  const recorded = willChange('clamp_', x, []);
  const former = recorded ? copyOf(x) : undefined;
  const { size: count } = x;
  if (x.dtype === 'int32') scope(() => copyStrided(x, clampInt32(x, p, q), { shape: [count] }));
  else native.unaryForward({ y: x, x, count, operation: UNARY.clamp, p, q });
  recordChange('clamp_', recorded, [x], former ? [former] : [], ([dy], grads, [saved]) => {
    if (dy === undefined || saved === undefined) return; // there is one output, which is walked with a gradient
    const dx = empty(saved.shape);
    native.unaryBackward({ dx, dy, saved, count, operation: UNARY.clamp, p, q });
    grads.pass(0, dx);
    dx.dispose();
  });
  former?.dispose();
  return x;
}

function copyOf(x: Tensor): Tensor {
  const copy = empty(x.shape, x.dtype);
  copyStrided(copy, x, { shape: [x.size] });
  return copy;
}
