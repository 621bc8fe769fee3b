import type { Tensor } from '../tensor.js';
import type { Edge, Node } from './node.js';

/**
 * How many nodes of a walk's graph lead to each leaf, so that it is known when a leaf's gradient is whole: a node passes
 * gradients on once. A checkpoint leads to all that its function read, until that has run again and is walked itself.
 */
export class LeafUses {
  readonly #left = new Map<Tensor, number>();
  readonly #seen = new Set<Node>();

  /** Counts the graph under an edge, from which a walk begins or goes on. */
  add({ node: root }: Edge): void {
    const open = root === undefined ? [] : [root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (this.#seen.has(node)) continue;
      this.#seen.add(node);
      for (const leaf of leavesOf(node)) this.#left.set(leaf, (this.#left.get(leaf) ?? 0) + 1);
      for (const parent of node.parents) if (parent !== undefined) open.push(parent);
    }
  }

  /** Counts a node that was walked; the leaves that no other leads to any more. */
  pass(node: Node): Tensor[] {
    return leavesOf(node).filter((leaf) => {
      const left = (this.#left.get(leaf) ?? 0) - 1;
      this.#left.set(leaf, left);
      return left === 0;
    });
  }
}

function leavesOf({ inputs }: Node): Tensor[] {
  return [...new Set(inputs.flatMap(({ leaf }) => leaf ?? []))];
}
