import type { Tensor } from '../tensor.js';

/**
 * Which int32 tensors are answers, 1 and 0, of comparisons and their like. There is no dtype of its own for them; an op
 * that takes integers for indices refuses them all the same, where PyTorch would take a mask.
 */
const answers = new WeakSet<Tensor>();

/** Notes that a tensor holds answers; gives it back. */
export function markAnswers<T extends Tensor>(tensor: T): T {
  answers.add(tensor);
  return tensor;
}

/** Whether a tensor is known to hold answers. */
export function holdsAnswers(tensor: Tensor): boolean {
  return answers.has(tensor);
}
