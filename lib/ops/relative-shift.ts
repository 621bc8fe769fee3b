import { record } from '../autograd.js';
import { expected } from '../check.js';
import { native } from '../native.js';
import { empty, fill, type Tensor } from '../tensor.js';
import { checkTensor, stridesOf } from './check-tensor.js';

/**
 * Scores by offset to scores by key: y[..., i, j] = x[..., i, T-1 + j-i].
 *
 * @param x (...,T,2T-1), for each query the scores of the offsets from -(T-1) to T-1
 * @returns (...,T,T)
 * @throws TypeError for another last axis
 * Source: Huang et al. 2018 (Music Transformer), the "skewing" of section 3.4.1.
 */
export function relativeShift(x: Tensor): Tensor {
  checkTensor(x, 'relativeShift input', { minRank: 2, letters: '(...,T,2T-1)' });
  const [tokens, offsets] = x.shape.slice(-2) as [number, number]; // two axes at least
  if (offsets !== 2 * tokens - 1) throw expected(`${2 * tokens - 1} offsets`, 'relativeShift input', x);
  const full = x.shape;
  const shape = [...full.slice(0, -1), tokens];
  // One column further left from row to row.
  const strides = [...stridesOf(full).slice(0, -2), offsets - 1, 1];
  const y = empty(shape);
  native.stridedCopy(y.handle, x.handle, shape, stridesOf(shape), strides, 0, tokens - 1, false);
  return record('relativeShift', y, [x], [], (dy, grads) => {
    const { grad, accumulate } = grads.target(0);
    if (!accumulate) fill(grad, 0);
    native.stridedCopy(grad.handle, dy.handle, shape, strides, stridesOf(shape), tokens - 1, 0, true);
  });
}
