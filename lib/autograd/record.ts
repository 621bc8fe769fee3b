import { trackNode } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkOutputs, siteOfCall } from './anomaly.js';
import { edgeOf, Node } from './node.js';
import { needsGrad, tell } from './recording.js';
import type { GradientRule, Gradients, Remake } from './rule.js';

/**
 * @internal Records an op for backward, if one of its inputs requires a gradient; gives `output` back.
 * The rule's `saved` are the tensors listed here; the rule must use those, not the op's arguments, which may be gone.
 * With `remake`, ops that save a large output have it made again in backward instead of keeping it.
 */
export function record<T extends Tensor>(
  name: string,
  output: T,
  inputs: readonly (Tensor | undefined)[],
  saved: readonly Tensor[],
  rule: (dy: Tensor, grads: Gradients, saved: readonly Tensor[]) => void,
  remake?: Remake,
): T {
  // A node with one output is only walked when that output has a gradient.
  recordAll(name, [output], inputs, saved, ([dy], grads, kept) => rule(dy as Tensor, grads, kept), remake);
  return output;
}

/** @internal As `record`, for an op with several outputs, whose gradients may be undefined. */
export function recordAll(
  name: string,
  outputs: readonly Tensor[],
  inputs: readonly (Tensor | undefined)[],
  saved: readonly Tensor[],
  rule: GradientRule,
  remake?: Remake,
): void {
  tell(saved);
  const recorded = needsGrad(...inputs);
  checkOutputs(name, outputs, inputs);
  if (!recorded) return;
  const node = new Node(name, inputs.map(edgeOf), outputs, saved, rule, remake, siteOfCall(name));
  trackNode(node);
  for (const [index, output] of outputs.entries()) {
    output.attach(node, index);
  }
}
