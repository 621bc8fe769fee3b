import { checkFunction, expected } from '../check.js';
import { Tensor } from '../tensor.js';
import { Node } from './node.js';
import { isWatched } from './recording.js';
import { type Hook, type HookHandle, Watchers } from './watchers.js';

// A leaf has no node to hold them. A tensor that is gone takes its watchers along.
const ofLeaf = new WeakMap<Tensor, Watchers>();
let leafChanges = 0;

/** @internal Who watches the gradient of a leaf; undefined where nobody does. */
export function watchersOfLeaf(leaf: Tensor): Watchers | undefined {
  if (leafChanges === 0) return undefined;
  const watchers = ofLeaf.get(leaf);
  return watchers === undefined || watchers.isEmpty ? undefined : watchers;
}

/** @internal Whether a leaf has hooks. */
export function hasHooks(leaf: Tensor): boolean {
  return watchersOfLeaf(leaf) !== undefined;
}

/** @internal Grows whenever a leaf gets or loses a hook: what recorded steps go by. */
export function leafHookChanges(): number {
  return leafChanges;
}

/** Who watches a tensor's gradient, to be added to. */
function watchersOf(tensor: Tensor): Watchers {
  const { node, outputIndex } = tensor;
  if (!(node instanceof Node)) {
    const known = ofLeaf.get(tensor) ?? new Watchers();
    ofLeaf.set(tensor, known);
    return known;
  }
  node.watchers ??= new Map();
  const known = node.watchers.get(outputIndex) ?? new Watchers();
  node.watchers.set(outputIndex, known);
  return known;
}

/**
 * Has `hook` see the tensor's gradient whenever one is computed, before anything uses it, and replace it by what it
 * returns. Of a leaf it sees the sum of a walk, before that is added to `grad`.
 *
 * The gradient is the hook's while it runs; `keep(gradient)` lifts it out. It must not be modified in place. Hooks run
 * once where a function is captured: a replay repeats their ops. Inside `F.checkpoint` a hook on a computed tensor is
 * registered when the function runs again, in backward.
 *
 * @param hook from the gradient, float32 of the tensor's shape, to another of that shape, or to nothing
 * @returns a handle, whose `remove()` takes the hook away
 * @throws TypeError unless the tensor requires a gradient; in backward, where the hook returns something else
 * @see `torch.Tensor.register_hook`
 */
export function registerHook(tensor: Tensor, hook: Hook): HookHandle {
  if (!(tensor instanceof Tensor)) throw expected('a Tensor', 'registerHook', tensor);
  checkFunction(hook, 'registerHook');
  if (!tensor.requiresGrad) {
    // The first pass of a checkpoint records nothing, and the second one comes here again.
    if (isWatched()) return { remove: refuseRemoval };
    throw expected('a tensor that requires a gradient', 'registerHook', tensor);
  }
  void tensor.storage; // throws when disposed
  const handle = watchersOf(tensor).add(hook);
  if (tensor.node !== undefined) return handle;
  leafChanges++;
  return {
    remove: () => {
      handle.remove();
      leafChanges++;
    },
  };
}

function refuseRemoval(): never {
  throw new Error(
    'Expected a hook on a tensor outside checkpoint but received one of a function that runs again in backward. Leave out registerHook there instead of remove().',
  );
}

/**
 * Has a computed tensor keep its gradient: after `backward`, it is added to `grad`, as a leaf's is. Leaves do so anyhow.
 *
 * @throws TypeError unless the tensor requires a gradient
 * @see `torch.Tensor.retain_grad`
 */
export function retainGrad(tensor: Tensor): void {
  if (!(tensor instanceof Tensor && tensor.requiresGrad)) {
    throw expected('a tensor that requires a gradient', 'retainGrad', tensor);
  }
  void tensor.storage; // throws when disposed
  if (tensor.node !== undefined) watchersOf(tensor).keepIn(tensor);
}

/** @internal Has a tensor that an op changed in place keep the gradient of what it is now; hooks stay with what it was. */
export function moveKeepers(tensor: Tensor, changed: Node): void {
  const { node, outputIndex } = tensor;
  if (!(node instanceof Node) || node.watchers?.get(outputIndex)?.letGo(tensor) !== true) return;
  const watchers = new Watchers();
  watchers.keepIn(tensor);
  changed.watchers = new Map([[0, watchers]]);
}
