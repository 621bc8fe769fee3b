import { releaseGraph } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import { addToGrad, copyOver, fitted, ownedBy, sumOf } from './accumulate.js';
import { checkGradients, checkHooked } from './anomaly.js';
import { watchersOfLeaf } from './hooks.js';
import type { LeafUses } from './leaf-uses.js';
import { type Edge, edgeOf, NOWHERE, Node } from './node.js';
import { record } from './record.js';
import { enableGrad } from './recording.js';
import type { Gradients } from './rule.js';
import type { Targets } from './targets.js';

/** Gathers gradients where they arrive, in place where nobody else holds the memory. */
export class Arrivals {
  readonly #arrived = new Map<Node, (Tensor | undefined)[]>();
  readonly #open = new NewestFirst();
  /** The sums of leaves that do not go into `grad` as they come: hooks see them first, or they are asked for. */
  readonly #held = new Map<Tensor, Tensor>();
  /** What rules went on with: graphs of this walk alone. */
  readonly #entered: Node[] = [];
  /** The order from which on nodes are of this walk alone. */
  readonly first = Node.next;
  /** Tensors whose `grad` was written. */
  readonly #written = new Set<Tensor>();
  readonly #targets: Targets | undefined;
  readonly #uses: LeafUses | undefined;

  constructor(targets: Targets | undefined, uses: LeafUses | undefined) {
    this.#targets = targets;
    this.#uses = uses;
  }

  /** Begins a walk at a tensor, with its gradient, which is taken over. */
  enter(root: Tensor, grad: Tensor): void {
    const edge = edgeOf(root);
    this.#targets?.enter(edge);
    this.#uses?.add(edge);
    this.#deliver(this.#along(edge), grad);
  }

  /** The newest node whose gradients have begun to arrive: by now they are complete. */
  next(): Node | undefined {
    return this.#open.pop();
  }

  /** Shows a node's gradients to who watches them, and runs its rule, where that is of use: then it says so. */
  apply(node: Node): boolean {
    const dys = this.#arrived.get(node) ?? [];
    if (node.watchers !== undefined || this.#targets !== undefined) {
      for (const [index, dy] of dys.entries()) if (dy !== undefined) dys[index] = this.#show(node, index, dy, dys);
    }
    const leadsOn = this.#targets?.leadsOn(node) ?? true;
    if (leadsOn) this.#runRule(node, dys);
    this.#arrived.delete(node);
    for (const dy of dys) dy?.dispose();
    return leadsOn;
  }

  /** The leaves whose `grad` is whole now that a node was walked: memory of their own, that no hook waits for. */
  wholeAfter(node: Node): Tensor[] {
    const whole = this.#uses?.pass(node).filter((leaf) => this.#written.has(leaf)) ?? [];
    for (const leaf of whole) if (leaf.grad !== null) leaf.grad = ownedBy(leaf.grad);
    return whole;
  }

  /** Hands out what was held back, and gives each `grad` memory of its own: clipping one must not change another. */
  finish(): void {
    for (const [leaf, held] of this.#held) {
      this.#held.delete(leaf);
      const watchers = watchersOfLeaf(leaf);
      const grad = watchers === undefined ? held : checkHooked(watchers.run(held), leaf);
      const slot = this.#targets?.slotOfLeaf(leaf);
      if (slot !== undefined) slot.gradient = grad;
      else this.#addToGrad(leaf, grad);
    }
    for (const tensor of this.#written) if (tensor.grad !== null) tensor.grad = ownedBy(tensor.grad);
  }

  /** Releases what is left when a rule or a hook threw. */
  dispose(): void {
    for (const node of this.#entered) releaseGraph(node, this.first);
    for (const dys of this.#arrived.values()) for (const dy of dys) dy?.dispose();
    for (const grad of this.#held.values()) grad.dispose();
  }

  #show(node: Node, index: number, dy: Tensor, dys: (Tensor | undefined)[]): Tensor {
    const watchers = node.watchers?.get(index);
    let grad = dy;
    if (watchers !== undefined) {
      dys[index] = undefined; // a hook that throws takes it along
      grad = checkHooked(watchers.run(dy), dy);
      for (const keeper of watchers.keepers) this.#addToGrad(keeper, grad.alias());
    }
    const slot = this.#targets?.slotOf(node, index);
    if (slot !== undefined) slot.gradient = grad.alias();
    return grad;
  }

  #addToGrad(tensor: Tensor, grad: Tensor): void {
    addToGrad(tensor, grad);
    this.#written.add(tensor);
  }

  #runRule(node: Node, dys: readonly (Tensor | undefined)[]): void {
    const late: (() => void)[] = [];
    const edges = this.#targets === undefined ? node.inputs : node.inputs.map((edge) => this.#along(edge));
    node.rule(dys, this.#gradientsOf(edges, late), node.saved);
    for (const deliver of late) deliver();
    checkGradients(node, dys, edges, (edge) => this.#present(edge));
  }

  #gradientsOf(edges: readonly Edge[], late: (() => void)[]): Gradients {
    const targets = new Set<Tensor>();
    const edge = (i: number): Edge => edges[i] ?? NOWHERE;
    return {
      wants: (i) => edge(i).node !== undefined || edge(i).leaf !== undefined,
      target: (i) => {
        const present = this.#present(edge(i));
        if (present !== undefined && targets.has(present)) {
          // One tensor as two inputs: an op writes both gradients at once, so each needs memory of its own.
          const grad = empty(edge(i).shape, edge(i).dtype);
          late.push(() => this.#deliver(edge(i), grad));
          return { grad, accumulate: false };
        }
        if (present !== undefined && present.storage.holders === 1) {
          targets.add(present);
          return { grad: present, accumulate: true };
        }
        const grad = empty(edge(i).shape, edge(i).dtype);
        targets.add(grad);
        if (present === undefined) {
          this.#deliver(edge(i), grad);
          return { grad, accumulate: false };
        }
        // Someone else reads this gradient too: go on with a copy.
        this.#replace(edge(i), copyOver(grad, present));
        return { grad, accumulate: true };
      },
      pass: (i, grad) => this.#deliver(edge(i), fitted(grad, edge(i).shape, edge(i).dtype)),
      again: (i, source) => continuation(edge(i), source),
      enter: (root, grad) => {
        if (root.node instanceof Node) this.#entered.push(root.node);
        this.enter(root, grad.alias());
      },
    };
  }

  /** The edge itself, or none where nobody asked for what it leads to. */
  #along(edge: Edge): Edge {
    return this.#targets === undefined || this.#targets.wants(edge) ? edge : NOWHERE;
  }

  #isHeld(leaf: Tensor): boolean {
    return this.#targets?.holdsLeaves === true || watchersOfLeaf(leaf) !== undefined;
  }

  #present({ node, outputIndex, leaf }: Edge): Tensor | undefined {
    if (leaf !== undefined) return (this.#isHeld(leaf) ? this.#held.get(leaf) : leaf.grad) ?? undefined;
    return node && this.#arrived.get(node)?.[outputIndex];
  }

  #replace({ node, outputIndex, leaf }: Edge, grad: Tensor): void {
    if (leaf !== undefined) {
      if (this.#isHeld(leaf)) this.#held.set(leaf, grad);
      else leaf.grad = grad;
    } else if (node !== undefined) {
      const slots = this.#arrived.get(node);
      if (slots !== undefined) slots[outputIndex] = grad;
    }
  }

  /** Takes over `grad`. */
  #deliver(edge: Edge, grad: Tensor): void {
    const { node, outputIndex, leaf } = edge;
    const present = this.#present(edge);
    if (present !== undefined) {
      const sum = sumOf(present, grad);
      if (sum !== present) this.#replace(edge, sum);
    } else if (leaf !== undefined) {
      this.#replace(edge, grad);
      if (!this.#isHeld(leaf)) this.#written.add(leaf);
    } else if (node !== undefined) {
      const slots = this.#arrived.get(node) ?? this.#expect(node);
      slots[outputIndex] = grad;
    } else grad.dispose();
  }

  #expect(node: Node): (Tensor | undefined)[] {
    const fresh: (Tensor | undefined)[] = node.outputShapes.map(() => undefined);
    this.#arrived.set(node, fresh);
    this.#open.push(node);
    return fresh;
  }
}

/** The nodes whose gradients have begun to arrive; a node is newer than all that it was computed from. */
class NewestFirst {
  readonly #heap: Node[] = [];

  push(node: Node): void {
    const heap = this.#heap;
    // Graphs are nearly chains: the new node almost always goes to the end of a short sorted list.
    let at = heap.length;
    while (at > 0 && heap[at - 1].order > node.order) at--;
    heap.splice(at, 0, node);
  }

  pop(): Node | undefined {
    return this.#heap.pop();
  }
}

/** A tensor of the memory of `source` whose gradient goes along `edge`. */
function continuation({ node, outputIndex, leaf }: Edge, source: Tensor): Tensor {
  const tensor = source.alias();
  if (node !== undefined) tensor.attach(node, outputIndex);
  // A leaf keeps its gradient itself, and may be gone by now as a tensor: a node hands it on.
  else if (leaf !== undefined) enableGrad(() => record('alias', tensor, [leaf], [], (dy, grads) => grads.pass(0, dy)));
  return tensor;
}
