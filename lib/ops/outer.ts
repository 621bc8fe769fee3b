import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { mul } from './elementwise.js';
import { reshape } from './reshape.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once. */

/**
 * Each element of one vector times each of another: y[i, j] = a[i] * b[j].
 *
 * @param a (M)
 * @param b (N)
 * @returns (M,N)
 * @throws TypeError unless both are vectors
 * @see `torch.outer`
 */
export function outer(a: Tensor, b: Tensor): Tensor<'float32'> {
  checkTensor(a, 'outer a', { rank: 1, letters: '(M)' });
  checkTensor(b, 'outer b', { rank: 1, letters: '(N)' });
  return scope(() => mul(reshape(a, [-1, 1]), b));
}
