import { describe, expected, shapeText } from '../check.js';
import { untracked } from '../scope.js';
import { empty, fill, Tensor } from '../tensor.js';
import { fitted } from './accumulate.js';

/** What `backward` and `grad` are given, checked. */

/** Tensors that require gradients, of one or an array. */
export function checkDifferentiable(tensors: unknown, what: string, where: string, advice: string): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(tensors) ? tensors : [tensors];
  if (list.length === 0) throw expected(what, where, tensors);
  for (const tensor of list) {
    if (!(tensor instanceof Tensor && tensor.requiresGrad)) throw expected(what, where, tensor, advice);
    void tensor.storage; // throws when disposed
  }
  return list as readonly Tensor[]; // each of them checked
}

/** The gradient that a walk begins with, as a tensor of its own: what is given, or 1 for one element. */
export function startOf(root: Tensor, gradient: unknown, where: string): Tensor {
  checkStart(root, gradient, where);
  return untracked(() =>
    gradient instanceof Tensor ? fitted(gradient, gradient.shape, root.dtype) : fill(empty(root.shape, root.dtype), 1),
  );
}

/** Throws unless `gradient` is one for `root`, or undefined where that has a single element. */
export function checkStart(root: Tensor, gradient: unknown, where: string): void {
  if (gradient === undefined) {
    if (root.size === 1) return;
    throw expected('a gradient', `${where} on ${describe(root)}`, gradient, 'Only a single element has a default.');
  }
  const fits =
    gradient instanceof Tensor && gradient.dtype !== 'int32' && shapeText(gradient.shape) === shapeText(root.shape);
  if (!fits) throw expected(`a float32 gradient of shape ${shapeText(root.shape)}`, where, gradient);
  void gradient.storage; // throws when disposed
}

/** Throws for `createGraph`, which PyTorch has. */
export function refuseCreateGraph(createGraph: unknown, where: string): void {
  if (createGraph === undefined || createGraph === false) return;
  throw expected('createGraph: false', where, createGraph, 'Second derivatives are not computed.');
}
