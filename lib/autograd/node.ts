import { describe } from '../check.js';
import type { GraphNode } from '../scope.js';
import type { DType, Tensor } from '../tensor.js';
import { Kept } from './kept.js';
import type { GradientRule, Remake } from './rule.js';
import type { Watchers } from './watchers.js';

/** Elements from which an output that can be made again is not kept: fewer are still in a cache, where reading is cheaper. */
const LEAST_REMADE = 2 ** 20;

/** A gradient on its way to whatever made the tensor; a leaf keeps its own. */
export class Node implements GraphNode {
  static #count = 0;

  /** The order of the next node: nodes made later have at least this. */
  static get next(): number {
    return Node.#count;
  }

  readonly order = Node.#count++;
  readonly parents: readonly (Node | undefined)[];
  readonly outputShapes: readonly (readonly number[])[];
  /** Who wants to see the gradient of an output, by its index. */
  watchers: Map<number, Watchers> | undefined;
  #saved: readonly Kept[] | null;
  /** The first output's, when it was made. */
  readonly #version: number | undefined;

  /** @param site the stack of the op's call, where it is noted (anomaly mode) */
  constructor(
    readonly name: string,
    readonly inputs: readonly Edge[],
    outputs: readonly Tensor[],
    saved: readonly Tensor[],
    readonly rule: GradientRule,
    readonly remake: Remake | undefined,
    readonly site: string | undefined,
  ) {
    this.parents = inputs.map((edge) => edge.node);
    this.outputShapes = outputs.map((output) => output.shape);
    this.#version = outputs[0]?.storage.version;
    const kept = saved.map((tensor, i) => (i === remake?.own ? undefined : keptOf(tensor)));
    const own = (output: Tensor): Kept => new Kept(output, this.#remakeFrom(output, kept));
    this.#saved = kept.map((one, i) => one ?? own(saved[i] as Tensor)); // as many
  }

  /** What to keep of an output, as it is now, for one more that needs it in backward. */
  keep(output: Tensor): Kept {
    const isOwn = output.outputIndex === 0 && output.storage.version === this.#version;
    if (!isOwn || this.#saved === null) return new Kept(output, undefined);
    const own = this.#saved[this.remake?.own ?? -1];
    return own?.isToBeMade === true ? own.share() : new Kept(output, this.#remakeFrom(output, this.#saved));
  }

  /** How to make the first output again; undefined where it cannot be, or is too small to be worth it. */
  #remakeFrom(output: Tensor, kept: readonly (Kept | undefined)[]): ConstructorParameters<typeof Kept>[1] {
    if (this.remake === undefined || output.size < LEAST_REMADE) return undefined;
    const sources: Tensor[] = [];
    for (const index of this.remake.from) {
      const source = kept[index]?.plain;
      if (source === undefined) return undefined;
      sources.push(source);
    }
    return { sources, make: this.remake.make };
  }

  /** What the rule needs, as it was in forward. */
  get saved(): readonly Tensor[] {
    if (this.#saved === null) {
      throw new Error(
        `Expected a graph that backward() has not walked yet but ${this.name} has released what it saved. Run the forward pass again before a second backward(), or give the first one retainGraph: true.`,
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

function keptOf(tensor: Tensor): Kept {
  return tensor.node instanceof Node ? tensor.node.keep(tensor) : new Kept(tensor, undefined);
}

/** An input of a node: the node that made it, or itself when it is a leaf; neither when it needs no gradient. */
export interface Edge {
  readonly shape: readonly number[];
  /** The gradient's too. */
  readonly dtype: DType;
  readonly node?: Node;
  readonly outputIndex: number;
  readonly leaf?: Tensor;
}

/** Leads nowhere: what arrives is dropped. */
export const NOWHERE: Edge = Object.freeze({ shape: [], dtype: 'float32', outputIndex: 0 });

/** Where the gradient of a tensor goes. */
export function edgeOf(input: Tensor | undefined): Edge {
  if (input === undefined || !input.requiresGrad) return NOWHERE;
  const { shape, dtype, outputIndex } = input;
  const edge = { shape, dtype, outputIndex };
  return input.node instanceof Node ? { ...edge, node: input.node } : { ...edge, leaf: input };
}
