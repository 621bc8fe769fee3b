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

/** Marks `to`, which holds elements of `from`, as answers where these are. */
export function markAs(from: Tensor, to: Tensor): void {
  if (from.dtype === 'int32' && answers.has(from)) answers.add(to);
}

/** Whether a tensor is known to hold answers. */
export function holdsAnswers(tensor: Tensor): boolean {
  return answers.has(tensor);
}
