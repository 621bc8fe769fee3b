import type { Tensor } from '../tensor.js';
import { Node } from './node.js';

/** @internal The order of the next op that is recorded. */
export function graphOrder(): number {
  return Node.next;
}

/** @internal The leaves that ops read from the order `since` on, each with such an op, among all that led to `roots`. */
export function leavesSince(roots: readonly Tensor[], since: number): Map<Tensor, string> {
  const leaves = new Map<Tensor, string>();
  const seen = new Set<Node>();
  const open = roots.flatMap(({ node }) => (node instanceof Node ? [node] : []));
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.order < since || seen.has(node)) continue;
    seen.add(node);
    for (const edge of node.inputs) {
      if (edge.leaf !== undefined) leaves.set(edge.leaf, node.name);
      if (edge.node !== undefined) open.push(edge.node);
    }
  }
  return leaves;
}
