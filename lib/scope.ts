/**
 * Lifetime by scope: what a function makes and does not return is released when it ends. Knows no tensors, only things
 * that can be disposed and the graph nodes that produced them.
 */

import { checkFunction, expected } from './check.js';
import { callSynchronously, checkSynchronous } from './thenable.js';

/** A step of the autograd graph, as far as lifetime goes. */
export interface GraphNode {
  /** Grows from node to node. */
  readonly order: number;
  readonly parents: readonly (GraphNode | undefined)[];
  /** Releases what the node saved for backward. May be called twice. */
  release(): void;
}

/** Something with native memory that a scope may own. */
export interface Scoped {
  /** @internal */
  readonly node: GraphNode | undefined;
  /** Gives the memory back. May be called twice. */
  dispose(): void;
}

interface Frame {
  readonly owned: Set<Scoped>;
  readonly nodes: GraphNode[];
  readonly kept: Set<Scoped>;
}

const frames: (Frame | null)[] = [];
const current = (): Frame | null => frames[frames.length - 1] ?? null;

/** @internal Puts a new tensor under the current scope, if there is one. */
export function track(item: Scoped): void {
  current()?.owned.add(item);
}

/** @internal Puts a new graph node under the current scope, if there is one. */
export function trackNode(node: GraphNode): void {
  current()?.nodes.push(node);
}

/** @internal A disposed tensor needs no scope any more. */
export function untrack(item: Scoped): void {
  current()?.owned.delete(item);
}

/**
 * Runs `fn` and releases every tensor made meanwhile that it does not return: alone, or inside arrays, maps and plain
 * objects. Scopes nest; tensors returned from an inner scope belong to the outer one. Parameters, their gradients and
 * optimizer state belong to modules and optimizers, not to scopes.
 *
 * @example
 * const loss = scope(() => F.crossEntropy(model.forward(images), labels));
 * @throws TypeError when `fn` is asynchronous: other code would run inside the scope. Await after it.
 */
export function scope<T>(fn: () => T): T {
  checkFunction(fn, 'scope');
  const frame: Frame = { owned: new Set(), nodes: [], kept: new Set() };
  frames.push(frame);
  let result: T | undefined;
  try {
    result = fn();
  } finally {
    frames.pop();
    close(frame, result);
  }
  checkSynchronous(result, 'scope');
  return result;
}

/**
 * Runs `fn` outside every scope: what it makes lives until it is disposed. For parameters and other lasting state.
 *
 * @throws TypeError when `fn` is asynchronous: what it makes after its first await would belong to a scope
 */
export function untracked<T>(fn: () => T): T {
  frames.push(null);
  try {
    return callSynchronously(fn, 'untracked');
  } finally {
    frames.pop();
  }
}

/** Lifts a tensor out of all scopes and gives it back: it lives until it is disposed. */
export function keep<T extends Scoped>(item: T): T {
  if (typeof item?.dispose !== 'function') throw expected('a tensor', 'keep', item);
  for (const frame of frames) {
    if (frame?.owned.delete(item)) frame.kept.add(item);
  }
  return item;
}

function close(frame: Frame, result: unknown): void {
  const outer = current();
  const returned = new Set<Scoped>();
  collect(result, (value) => frame.owned.has(value as Scoped), returned);
  for (const item of frame.owned) {
    if (!returned.has(item)) item.dispose();
    else outer?.owned.add(item);
  }
  const reachable = releaseUnreachable(frame.nodes, [...returned, ...frame.kept]);
  for (const node of reachable) outer?.nodes.push(node);
  for (const item of frame.kept) if (item.node !== undefined) outer?.kept.add(item);
}

/** @internal Notes that a tensor, which may be of an outer scope, was changed in place: its graph stays as long as it does. */
export function noteChanged(item: Scoped): void {
  current()?.kept.add(item);
}

/** @internal Adds to `found` what is wanted of a value: itself, or what lies in arrays, maps and plain objects. */
export function collect<T>(
  value: unknown,
  wanted: (value: object) => boolean,
  found: Set<T>,
  seen = new Set<unknown>(),
): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value); // objects may point at each other in a circle
  if (wanted(value)) found.add(value as T);
  else if (Array.isArray(value)) for (const item of value) collect(item, wanted, found, seen);
  else if (value instanceof Map) for (const item of value.values()) collect(item, wanted, found, seen);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, wanted, found, seen);
  }
}

/** @internal Gives back what a graph saved that will not be walked; of its nodes those whose order is `oldest` or more. */
export function releaseGraph(root: GraphNode | undefined, oldest = 0): void {
  const open = root === undefined || root.order < oldest ? [] : [root];
  const seen = new Set(open);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    node.release();
    for (const parent of node.parents) {
      if (parent === undefined || parent.order < oldest || seen.has(parent)) continue;
      seen.add(parent);
      open.push(parent);
    }
  }
}

/**
 * A graph that nobody can walk any more (a forward pass without backward) gives back what it saved.
 *
 * @param nodes oldest first
 * @returns those that can still be walked, oldest first
 */
function releaseUnreachable(nodes: readonly GraphNode[], roots: readonly Scoped[]): GraphNode[] {
  const oldest = nodes[0]?.order ?? Number.POSITIVE_INFINITY; // no way leads through older ones back to these
  const reachable = new Set<GraphNode>();
  const open = roots.flatMap((root) => root.node ?? []);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (reachable.has(node) || node.order < oldest) continue;
    reachable.add(node);
    for (const parent of node.parents) if (parent !== undefined) open.push(parent);
  }
  return nodes.filter((node) => {
    if (!reachable.has(node)) node.release();
    return reachable.has(node);
  });
}
