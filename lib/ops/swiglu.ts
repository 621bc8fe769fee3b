import { record } from '../autograd.js';
import { expected } from '../check.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, lastOf } from './check-tensor.js';

/**
 * The gated linear unit of SiLU: silu(gate) * value, where the last axis holds the gates and then as many values, as one
 * linear layer of twice the width makes them.
 *
 * @param x (..., 2*C): C gates, then C values
 * @returns (..., C)
 * @throws TypeError unless the last axis is even
 * @see Shazeer 2020 (GLU Variants Improve Transformer)
 * @see DINOv2's `SwiGLUFFN`, whose `w12` makes x; timm's `SwiGLUPacked`
 */
export function swiglu(x: Tensor): Tensor {
  checkTensor(x, 'swiglu input', { minRank: 1, letters: '(...,2*C)' });
  const both = lastOf(x.shape);
  if (both % 2 !== 0) throw expected('an even last axis, gates and then values', 'swiglu input', x);
  const width = both / 2;
  const rows = x.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const y = empty([...x.shape.slice(0, -1), width]);
  native.swigluForward({ y, both: x, rows, width });
  return record('swiglu', y, [x], [x], (dy, grads, [saved]) => {
    const dboth = empty(saved.shape);
    native.swigluBackward({ dboth, dy, both: saved, rows, width });
    grads.pass(0, dboth);
    dboth.dispose();
  });
}
