import type { Tensor } from '../tensor.js';
import { to } from './copies.js';

/**
 * @internal Floats as float32: the tensor itself where it is. For what several ops are made of: on bfloat16 each of them would round its
 * part, results and gradients; of this, the gradient is rounded once, whole.
 */
export function wide(x: Tensor): Tensor {
  return x.dtype === 'bfloat16' ? to(x, 'float32') : x;
}
