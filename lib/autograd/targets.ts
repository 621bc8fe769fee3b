import type { Tensor } from '../tensor.js';
import { type Edge, edgeOf, type Node } from './node.js';

/** Where the gradient of a tensor that was asked for is left. */
export interface Slot {
  gradient?: Tensor;
}

/** The tensors whose gradients a walk is asked for, and with that the ways that it need not go. */
export class Targets {
  readonly #leaves = new Map<Tensor, Slot>();
  readonly #outputs = new Map<Node, Map<number, Slot>>();
  /** Whether a way leads from a node to one of the tensors, of the nodes that were seen. */
  readonly #leads = new Map<Node, boolean>();

  /** @param holdsLeaves whether leaves' gradients are left in slots as well; else they go where they always go */
  constructor(readonly holdsLeaves: boolean) {}

  /** Asks for the gradient of a tensor; the same slot where it was asked for already. */
  add(tensor: Tensor): Slot {
    const { node, outputIndex } = edgeOf(tensor);
    if (node === undefined) return slotIn(this.#leaves, tensor);
    const outputs = this.#outputs.get(node) ?? new Map<number, Slot>();
    this.#outputs.set(node, outputs);
    return slotIn(outputs, outputIndex);
  }

  /** Looks at the graph under an edge, from which a walk begins. */
  enter({ node: root }: Edge): void {
    const found: Node[] = [];
    const open = root === undefined ? [] : [root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (this.#leads.has(node)) continue;
      this.#leads.set(node, false);
      found.push(node);
      for (const parent of node.parents) if (parent !== undefined) open.push(parent);
    }
    // A node is newer than all that it was computed from.
    found.sort((a, b) => a.order - b.order);
    for (const node of found)
      this.#leads.set(
        node,
        node.inputs.some((edge) => this.wants(edge)),
      );
  }

  /** Whether the gradient that goes along an edge is of use. */
  wants({ node, outputIndex, leaf }: Edge): boolean {
    if (leaf !== undefined) return this.#leaves.has(leaf);
    return node !== undefined && (this.leadsOn(node) || this.slotOf(node, outputIndex) !== undefined);
  }

  /** Whether a node's own rule is of use. */
  leadsOn(node: Node): boolean {
    return this.#leads.get(node) === true;
  }

  slotOf(node: Node, outputIndex: number): Slot | undefined {
    return this.#outputs.get(node)?.get(outputIndex);
  }

  slotOfLeaf(leaf: Tensor): Slot | undefined {
    return this.holdsLeaves ? this.#leaves.get(leaf) : undefined;
  }

  /** Releases what was left in slots. */
  dispose(): void {
    const slots = [
      ...this.#leaves.values(),
      ...[...this.#outputs.values()].flatMap((outputs) => [...outputs.values()]),
    ];
    for (const slot of slots) slot.gradient?.dispose();
  }
}

function slotIn<Key>(slots: Map<Key, Slot>, key: Key): Slot {
  const slot = slots.get(key) ?? {};
  slots.set(key, slot);
  return slot;
}
