import { expected, Text } from '../check.js';
import { noteChanged, trackNode } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkOutputs, siteOfCall } from './anomaly.js';
import { moveKeepers } from './hooks.js';
import { edgeOf, Node } from './node.js';
import { isRecording, needsGrad, tell, tellOfChange } from './recording.js';
import type { GradientRule } from './rule.js';

/** Ops that change a tensor in place, and what becomes of its graph. */

/**
 * @internal To be called before an op changes `target`: whether the op is recorded.
 *
 * @throws TypeError for what must not be changed: a leaf of which gradients are wanted, or a view of one, outside noGrad;
 *   and a view made inside noGrad, as nobody could tell its tensor of the change
 */
export function willChange(name: string, target: Tensor, operands: readonly Tensor[]): boolean {
  const recorded = needsGrad(target, ...operands);
  tellOfChange(target, name);
  if (!isRecording()) return false;
  const { views = { base: target, isTraced: true } } = target;
  const { base, isTraced } = views;
  if (isLeafWithGrad(target) || isLeafWithGrad(base)) {
    const what = 'a tensor that no gradient is computed for, or one that an op made,';
    const received = new Text(target === base ? 'a leaf with requiresGrad' : 'a view of a leaf with requiresGrad');
    throw expected(what, name, received, 'Change it inside noGrad().');
  }
  if (!isTraced && (recorded || base.requiresGrad)) {
    const received = new Text('one that was made inside noGrad() and shares its memory');
    throw expected('a tensor whose gradient can be traced', name, received, 'Change a clone().');
  }
  return recorded;
}

function isLeafWithGrad(tensor: Tensor): boolean {
  return tensor.requiresGrad && tensor.node === undefined && !tensor.disposed;
}

/**
 * @internal Notes that an op has changed `target`, and makes it the op's result, where that is `recorded`. The arguments
 * are `record`'s; what is saved must not lie in the target's memory.
 *
 * @param inputs the target first, and the operands
 */
export function recordChange(
  name: string,
  recorded: boolean,
  inputs: readonly [target: Tensor, ...operands: Tensor[]],
  saved: readonly Tensor[],
  rule: GradientRule,
): void {
  const [target, ...operands] = inputs;
  target.storage.version++;
  tell(saved);
  checkOutputs(name, [target], operands);
  if (!recorded) return;
  const node = new Node(name, inputs.map(edgeOf), [target], saved, rule, undefined, siteOfCall(name));
  moveKeepers(target, node);
  const edge = { shape: target.shape, dtype: target.dtype, node, outputIndex: 0 };
  target.attachChanged(node, (view) => {
    const passed: GradientRule = ([dy], grads) => dy && grads.pass(0, dy);
    const viewed = new Node('view', [edge], [view], [], passed, undefined, siteOfCall(name));
    moveKeepers(view, viewed);
    view.attach(viewed, 0);
  });
  trackNode(node);
  noteChanged(target);
}
