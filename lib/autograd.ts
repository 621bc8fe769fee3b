import { describe, expected, shapeText } from './check.js';
import { BINARY, native } from './native.js';
import { type GraphNode, trackNode, untracked } from './scope.js';
import { empty, fill, Tensor } from './tensor.js';
import { callSynchronously } from './thenable.js';

/**
 * Reverse-mode differentiation at the granularity of ops. Each op that runs on a tensor requiring a gradient leaves a
 * node; `backward` walks the nodes newest first and releases what they saved as it goes. Counterpart: torch.autograd.
 */

let enabled = true;

/** Which tensors ops read, while somebody wants to know. */
let readers: ((tensor: Tensor) => void) | undefined;

/**
 * @internal Runs `fn` without recording it, and tells of every tensor that its ops read.
 * What `fn` itself runs under noGrad or enableGrad is told of too.
 */
export function watchReads<T>(onRead: (tensor: Tensor) => void, fn: () => T): T {
  const before = readers;
  readers = (tensor) => {
    before?.(tensor);
    onRead(tensor);
  };
  try {
    return noGrad(fn);
  } finally {
    readers = before;
  }
}

function withRecording<T>(on: boolean, fn: () => T, where: string): T {
  const before = enabled;
  enabled = on;
  try {
    return callSynchronously(fn, where);
  } finally {
    enabled = before;
  }
}

/**
 * Runs `fn` without recording ops for backward. Counterpart: `torch.no_grad`.
 *
 * @throws TypeError when `fn` is asynchronous: what comes after its first await would be recorded
 */
export function noGrad<T>(fn: () => T): T {
  return withRecording(false, fn, 'noGrad');
}

/**
 * Runs `fn` recording ops for backward, inside `noGrad` too. Counterpart: `torch.enable_grad`.
 *
 * @throws TypeError when `fn` is asynchronous, as `noGrad`
 */
export function enableGrad<T>(fn: () => T): T {
  return withRecording(true, fn, 'enableGrad');
}

/** Where an op's gradient rule leaves the gradients of its inputs. */
export interface Gradients {
  /** Whether input `i` needs a gradient. */
  wants(i: number): boolean;
  /** The tensor to write input `i`'s gradient to; with `accumulate`, to add it to. Another one for each input. */
  target(i: number): { grad: Tensor; accumulate: boolean };
  /** Says that input `i`'s gradient is `grad`, a tensor of the input's size whose memory is then shared. */
  pass(i: number, grad: Tensor): void;
  /** A tensor of the memory of `source` that leads where input `i` leads. */
  again(i: number, source: Tensor): Tensor;
  /** Goes on with the walk above `root`, newer than all nodes so far, whose gradient is `grad`. */
  enter(root: Tensor, grad: Tensor): void;
}

/** The gradients of an op's outputs, in; what it saved; the gradients of its inputs, out. */
export type GradientRule = (dys: readonly (Tensor | undefined)[], grads: Gradients, saved: readonly Tensor[]) => void;

/** How an op makes its first output again, bit for bit, from some of what it saved. */
export interface Remake {
  /** Which of the saved tensors. */
  from: readonly number[];
  make(sources: readonly Tensor[]): Tensor;
}

/** Bytes from which an output that can be made again is not kept: less is still in a cache, where reading is cheaper. */
const LEAST_REMADE = 4 * 2 ** 20;

/** A tensor saved for backward, or what to make it from; released by `release`. */
class Kept {
  #sources: readonly Tensor[];
  #versions: readonly number[];
  #make: Remake['make'] | undefined;

  constructor(tensor: Tensor) {
    const { node } = tensor;
    const remake = node instanceof Node ? node.remakeOf(tensor) : undefined;
    const sources = remake?.sources ?? [tensor];
    this.#make = remake?.make;
    this.#sources = untracked(() => sources.map((source) => source.alias()));
    this.#versions = sources.map((source) => source.storage.version);
  }

  /** The tensor itself, where it is kept and as it was; undefined where it would have to be made. */
  get plain(): Tensor | undefined {
    return this.#make === undefined && this.changed === undefined ? this.#sources[0] : undefined;
  }

  /** A source that was modified in place since. */
  get changed(): Tensor | undefined {
    return this.#sources.find((source, i) => source.storage.version !== this.#versions[i]);
  }

  get tensor(): Tensor {
    if (this.#make !== undefined) {
      const made = this.#make(this.#sources);
      this.release();
      this.#make = undefined;
      this.#sources = [made];
      this.#versions = [made.storage.version];
    }
    return this.#sources[0];
  }

  release(): void {
    for (const source of this.#sources) source.dispose();
  }
}

/** A gradient on its way to whatever made the tensor; a leaf keeps its own. */
class Node implements GraphNode {
  static #count = 0;
  readonly order = Node.#count++;
  static get next(): number {
    return Node.#count;
  }
  readonly parents: readonly (Node | undefined)[];
  readonly outputShapes: readonly (readonly number[])[];
  #saved: readonly Kept[] | null;
  /** The first output's, when it was made. */
  readonly #version: number | undefined;

  constructor(
    readonly name: string,
    readonly inputs: readonly Edge[],
    outputs: readonly Tensor[],
    saved: readonly Tensor[],
    readonly rule: GradientRule,
    readonly remake: Remake | undefined,
  ) {
    this.parents = inputs.map((edge) => edge.node);
    this.outputShapes = outputs.map((output) => output.shape);
    this.#saved = saved.map((tensor) => new Kept(tensor));
    this.#version = outputs[0]?.storage.version;
  }

  /** How to make `output` again; undefined where it cannot be, or is too small to be worth it. */
  remakeOf(output: Tensor): { sources: readonly Tensor[]; make: Remake['make'] } | undefined {
    const { remake } = this;
    if (remake === undefined || this.#saved === null || output.outputIndex !== 0) return undefined;
    if (output.size * Float32Array.BYTES_PER_ELEMENT < LEAST_REMADE) return undefined;
    if (output.storage.version !== this.#version) return undefined;
    const sources: Tensor[] = [];
    for (const index of remake.from) {
      const source = this.#saved[index]?.plain;
      if (source === undefined) return undefined;
      sources.push(source);
    }
    return { sources, make: remake.make };
  }

  /** What the rule needs, as it was in forward. */
  get saved(): readonly Tensor[] {
    if (this.#saved === null) {
      throw new Error(
        `Expected a graph that backward() has not walked yet but ${this.name} has released what it saved. Run the forward pass again before a second backward().`,
      );
    }
    for (const { changed } of this.#saved) {
      if (changed !== undefined) {
        throw new Error(
          `Expected what ${this.name} saved for backward to be unchanged but ${describe(changed)} was modified in place. Modify it after backward(), or on a copy.`,
        );
      }
    }
    return this.#saved.map((kept) => kept.tensor);
  }

  release(): void {
    for (const kept of this.#saved ?? []) kept.release();
    this.#saved = null;
  }
}

/** An input of a node: the node that made it, or itself when it is a leaf; neither when it needs no gradient. */
interface Edge {
  readonly shape: readonly number[];
  readonly node?: Node;
  readonly outputIndex: number;
  readonly leaf?: Tensor;
}

function edgeOf(input: Tensor | undefined): Edge {
  if (input === undefined || !input.requiresGrad) return { shape: [], outputIndex: 0 };
  const { shape, outputIndex } = input;
  return input.node instanceof Node ? { shape, node: input.node, outputIndex } : { shape, outputIndex, leaf: input };
}

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

/** Whether ops on these inputs are recorded. */
export function needsGrad(...inputs: readonly (Tensor | undefined)[]): boolean {
  tell(inputs);
  return enabled && inputs.some((input) => input?.requiresGrad === true);
}

/** @internal Whether ops are recorded. */
export function isRecording(): boolean {
  return enabled;
}

function tell(tensors: readonly (Tensor | undefined)[]): void {
  if (readers === undefined) return;
  for (const tensor of tensors) if (tensor !== undefined) readers(tensor);
}

/**
 * Records an op for backward, if one of its inputs requires a gradient; gives `output` back.
 * The rule's `saved` are the tensors listed here; the rule must use those, not the op's arguments, which may be gone.
 * With `remake`, ops that save a large output have it made again in backward instead of keeping it.
 */
export function record(
  name: string,
  output: Tensor,
  inputs: readonly (Tensor | undefined)[],
  saved: readonly Tensor[],
  rule: (dy: Tensor, grads: Gradients, saved: readonly Tensor[]) => void,
  remake?: Remake,
): Tensor {
  // A node with one output is only walked when that output has a gradient.
  recordAll(name, [output], inputs, saved, ([dy], grads, kept) => rule(dy as Tensor, grads, kept), remake);
  return output;
}

/** As `record`, for an op with several outputs, whose gradients may be undefined. */
export function recordAll(
  name: string,
  outputs: readonly Tensor[],
  inputs: readonly (Tensor | undefined)[],
  saved: readonly Tensor[],
  rule: GradientRule,
  remake?: Remake,
): void {
  tell(saved);
  if (!needsGrad(...inputs)) return;
  const node = new Node(name, inputs.map(edgeOf), outputs, saved, rule, remake);
  trackNode(node);
  for (const [index, output] of outputs.entries()) {
    output.attach(node, index);
  }
}

/**
 * Computes the gradients of `root` with respect to every leaf that requires one, and adds them to the leaves' `grad`.
 *
 * @param gradient the gradient of the final result with respect to `root`, of its shape. Default 1, for one element.
 * @throws TypeError when `root` has several elements and no gradient is given; Error when it was walked already or
 *   requires no gradient
 */
export function backward(root: Tensor, gradient?: Tensor): void {
  if (!(root instanceof Tensor && root.requiresGrad)) {
    throw expected('a result of tensors that require gradients', 'backward()', root, 'Set requiresGrad on its inputs.');
  }
  void root.storage; // throws when disposed
  if (gradient === undefined && root.size !== 1) {
    throw expected('a gradient', `backward() on ${describe(root)}`, gradient, 'Only a single element has a default.');
  }
  if (gradient !== undefined && !isGradientOf(root, gradient)) {
    throw expected(`a float32 gradient of shape ${shapeText(root.shape)}`, 'backward()', gradient);
  }
  untracked(() => noGrad(() => walk(root, gradient?.alias() ?? fill(empty(root.shape), 1))));
}

function isGradientOf(root: Tensor, gradient: unknown): boolean {
  if (!(gradient instanceof Tensor) || gradient.dtype !== 'float32') return false;
  return shapeText(gradient.shape) === shapeText(root.shape);
}

function walk(root: Tensor, gradient: Tensor): void {
  const arrived = new Map<Node, (Tensor | undefined)[]>();
  const open = new NewestFirst();
  const gradients = new Arrivals(arrived, open);
  try {
    gradients.deliver(edgeOf(root), gradient);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const dys = arrived.get(node) ?? [];
      gradients.apply(node, dys);
      arrived.delete(node);
      for (const dy of dys) dy?.dispose();
      node.release();
    }
    gradients.unshareLeaves();
  } finally {
    // What is left when a rule threw.
    for (const dys of arrived.values()) for (const dy of dys) dy?.dispose();
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

/** Gathers gradients where they arrive, in place where nobody else holds the memory. */
class Arrivals {
  readonly #leaves = new Set<Tensor>();

  constructor(
    readonly arrived: Map<Node, (Tensor | undefined)[]>,
    readonly open: NewestFirst,
  ) {}

  /** Runs a node's rule. */
  apply(node: Node, dys: readonly (Tensor | undefined)[]): void {
    const late: (() => void)[] = [];
    node.rule(dys, this.#of(node, late), node.saved);
    for (const deliver of late) deliver();
  }

  #of(node: Node, late: (() => void)[]): Gradients {
    const targets = new Set<Tensor>();
    const edge = (i: number): Edge => node.inputs[i] ?? { shape: [], outputIndex: 0 };
    return {
      wants: (i) => edge(i).node !== undefined || edge(i).leaf !== undefined,
      target: (i) => {
        const present = this.present(edge(i));
        if (present !== undefined && targets.has(present)) {
          // One tensor as two inputs: an op writes both gradients at once, so each needs memory of its own.
          const grad = empty(edge(i).shape);
          late.push(() => this.deliver(edge(i), grad));
          return { grad, accumulate: false };
        }
        if (present !== undefined && present.storage.holders === 1) {
          targets.add(present);
          return { grad: present, accumulate: true };
        }
        const grad = empty(edge(i).shape);
        targets.add(grad);
        if (present === undefined) {
          this.deliver(edge(i), grad);
          return { grad, accumulate: false };
        }
        // Someone else reads this gradient too: go on with a copy.
        this.replace(edge(i), copyOver(grad, present));
        return { grad, accumulate: true };
      },
      pass: (i, grad) => this.deliver(edge(i), grad.alias(edge(i).shape)),
      again: (i, source) => continuation(edge(i), source),
      enter: (root, grad) => this.deliver(edgeOf(root), grad.alias()),
    };
  }

  present(edge: Edge): Tensor | undefined {
    if (edge.leaf !== undefined) return edge.leaf.grad ?? undefined;
    return edge.node && this.arrived.get(edge.node)?.[edge.outputIndex];
  }

  replace(edge: Edge, grad: Tensor): void {
    if (edge.leaf !== undefined) edge.leaf.grad = grad;
    else if (edge.node !== undefined) {
      const slots = this.arrived.get(edge.node);
      if (slots !== undefined) slots[edge.outputIndex] = grad;
    }
  }

  /** Takes over `grad`. */
  deliver(edge: Edge, grad: Tensor): void {
    const present = this.present(edge);
    if (present !== undefined) {
      const sum = present.storage.holders === 1 ? present : empty(edge.shape);
      const walk = { shape: [sum.size], stridesA: [1], stridesB: [1] };
      native.binary({ y: sum, a: present, b: grad, ...walk, operation: BINARY.add });
      grad.dispose();
      if (sum !== present) {
        this.replace(edge, sum);
        present.dispose();
      }
      return;
    }
    if (edge.leaf !== undefined) {
      edge.leaf.grad = grad;
      this.#leaves.add(edge.leaf);
    } else if (edge.node !== undefined) {
      const { node } = edge;
      const slots = this.arrived.get(node);
      if (slots !== undefined) slots[edge.outputIndex] = grad;
      else {
        const fresh: (Tensor | undefined)[] = node.outputShapes.map(() => undefined);
        fresh[edge.outputIndex] = grad;
        this.arrived.set(node, fresh);
        this.open.push(node);
      }
    } else grad.dispose();
  }

  /** Gives each leaf a gradient of its own: what changes one in place, such as clipping, must not change another. */
  unshareLeaves(): void {
    for (const leaf of this.#leaves) {
      const { grad } = leaf;
      if (grad !== null && grad.storage.holders > 1) leaf.grad = copyOver(empty(grad.shape), grad);
    }
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

/** Moves a gradient's elements to another tensor, and disposes it. */
function copyOver(target: Tensor, source: Tensor): Tensor {
  native.affine({ y: target, x: source, count: source.size, a: 1, b: 0 });
  source.dispose();
  return target;
}
