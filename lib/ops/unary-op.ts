import { type Gradients, type Remake, record } from '../autograd.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** A function of native/kernels/unary-inl.h. */
export interface UnaryOp {
  name: string;
  /** Its place in the table there. */
  operation: number;
  /** What its gradient is computed from. */
  saves: 'nothing' | 'x' | 'y';
}

/** The function of a float32 tensor, with the numbers that are its own; differentiable. */
export function unaryOp({ name, operation, saves }: UnaryOp, x: Tensor, p = 0, q = 0): Tensor<'float32'> {
  checkTensor(x, `${name} input`);
  const { shape } = x;
  const forward = (input: Tensor): Tensor<'float32'> => {
    const y = empty(shape);
    native.unaryForward({ y, x: input, count: y.size, operation, p, q });
    return y;
  };
  const y = forward(x);
  const rule = (dy: Tensor, grads: Gradients, [saved = dy]: readonly Tensor[]): void => {
    const dx = empty(shape);
    native.unaryBackward({ dx, dy, saved, count: dx.size, operation, p, q });
    grads.pass(0, dx);
    dx.dispose();
  };
  const saved = { nothing: [], x: [x], y: [y] }[saves];
  const remake: Remake = { from: [0], make: ([input]) => forward(input) };
  return record(name, y, [x], saved, rule, saves === 'x' ? remake : undefined);
}
