import { expected } from '../check.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { takeView, wholeOf } from './view.js';

/**
 * Scores by offset to scores by key: y[..., i, j] = x[..., i, T-1 + j-i].
 *
 * @param x (...,T,2T-1), for each query the scores of the offsets from -(T-1) to T-1
 * @returns (...,T,T)
 * @throws TypeError for another last axis
 * @see Huang et al. 2018 (Music Transformer), the "skewing" of section 3.4.1
 */
export function relativeShift(x: Tensor): Tensor {
  checkTensor(x, 'relativeShift input', { minRank: 2, letters: '(...,T,2T-1)' });
  const [tokens, offsets] = x.shape.slice(-2) as [number, number]; // two axes at least
  if (offsets !== 2 * tokens - 1) throw expected(`${2 * tokens - 1} offsets`, 'relativeShift input', x);
  const { shape, strides } = wholeOf(x);
  // One column further left from row to row.
  return takeView('relativeShift', x, {
    shape: [...shape.slice(0, -1), tokens],
    strides: [...strides.slice(0, -2), offsets - 1, 1],
    offset: tokens - 1,
  });
}
