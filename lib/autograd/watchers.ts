import { describe, expected, shapeText } from '../check.js';
import { scope } from '../scope.js';
import { Tensor } from '../tensor.js';
import { checkSynchronous } from '../thenable.js';

/** A function that sees a tensor's gradient, and may give another in its place. */
export type Hook = ((gradient: Tensor) => Tensor | undefined) | ((gradient: Tensor) => void);

/** A hook that was registered. */
export interface HookHandle {
  /** Takes the hook away. May be called twice. */
  remove(): void;
}

/** Who wants to see the gradient of a tensor, in the order of their coming, and which tensors keep it then. */
export class Watchers {
  readonly #hooks = new Set<{ hook: Hook }>();
  readonly #keepers = new Set<Tensor>();

  get isEmpty(): boolean {
    return this.#hooks.size === 0 && this.#keepers.size === 0;
  }

  add(hook: Hook): HookHandle {
    const entry = { hook }; // the same function may be there twice
    this.#hooks.add(entry);
    return { remove: () => void this.#hooks.delete(entry) };
  }

  /** Has `tensor.grad` hold the gradient, after all hooks. */
  keepIn(tensor: Tensor): void {
    this.#keepers.add(tensor);
  }

  /** Has a tensor keep the gradient no more; whether it did. */
  letGo(tensor: Tensor): boolean {
    return this.#keepers.delete(tensor);
  }

  /** The tensors that keep the gradient and are still there. */
  get keepers(): Tensor[] {
    return [...this.#keepers].filter((tensor) => !tensor.disposed);
  }

  /** Takes over a gradient, shows it to all hooks, and gives what they make of it. */
  run(gradient: Tensor): Tensor {
    let now = gradient;
    try {
      for (const { hook } of [...this.#hooks]) {
        const next = callHook(hook, now);
        if (next === undefined) continue;
        now.dispose();
        now = next;
      }
    } catch (error) {
      now.dispose();
      throw error;
    }
    return now;
  }
}

/** Calls a hook with a tensor of its own; a replacement comes back as one that lives until it is disposed. */
function callHook(hook: Hook, gradient: Tensor): Tensor | undefined {
  const { version } = gradient.storage;
  return scope(() => {
    const result: unknown = hook(gradient.alias());
    checkSynchronous(result, 'a hook');
    if (gradient.storage.version !== version) {
      throw new Error(
        `Expected a hook to leave the gradient as it is but ${describe(gradient)} was modified in place. Return another tensor instead.`,
      );
    }
    if (result === undefined || result === null) return undefined;
    const { shape } = gradient;
    if (
      !(result instanceof Tensor) ||
      result.dtype !== gradient.dtype ||
      shapeText(result.shape) !== shapeText(shape)
    ) {
      throw expected(
        `undefined, or a ${gradient.dtype} gradient of shape ${shapeText(shape)},`,
        'the result of a hook',
        result,
      );
    }
    return result.alias(); // what the hook returns may be its own
  });
}
