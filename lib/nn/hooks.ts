import { checkFunction } from '../check.js';
import { nextId } from '../identity.js';
import { checkSynchronous } from '../thenable.js';

/** What undoes a registration; `using` does so at the end of its block. */
export interface HookHandle {
  /** May be called twice. */
  remove(): void;
  [Symbol.dispose](): void;
}

/** Arguments and result of a module's `forward`. */
type Forward<M> = M extends { forward(...args: infer Args): infer Output }
  ? { args: Args; output: Output }
  : { args: unknown[]; output: unknown };

/** Sees the arguments of a module's `forward` before it runs; what it returns, unless undefined, takes their place. */
export type ForwardPreHook<M> = Loose<
  [module: M, args: Readonly<Forward<M>['args']>],
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
  readonly unknown[] | undefined | void
>;

/** Sees what a module's `forward` was given and gave; what it returns, unless undefined, takes the result's place. */
export type ForwardHook<M> = Loose<
  [module: M, args: Readonly<Forward<M>['args']>, output: Forward<M>['output']],
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
  Forward<M>['output'] | undefined | void
>;

/** A function as a method is compared: one of a subclass's arguments goes for one of the class's. */
type Loose<Args extends unknown[], Result> = { call(...args: Args): Result }['call'];

type Hook = (module: never, ...seen: never[]) => unknown;

/** @internal The hooks of a module, in the order in which they were registered. */
export class Hooks {
  readonly before = new Set<{ hook: Hook }>();
  readonly after = new Set<{ hook: Hook }>();

  get some(): boolean {
    return this.before.size + this.after.size > 0;
  }

  /** The arguments as the hooks leave them. */
  givenTo(module: object, args: unknown[]): unknown[] {
    let given = args;
    for (const { hook } of [...this.before]) {
      const changed = call(hook, 'a forward pre-hook', module, given);
      if (changed !== undefined) given = Array.isArray(changed) ? changed : [changed];
    }
    return given;
  }

  /** The result as the hooks leave it. */
  result(module: object, args: unknown[], output: unknown): unknown {
    let result = output;
    for (const { hook } of [...this.after]) result = call(hook, 'a forward hook', module, args, result) ?? result;
    return result;
  }
}

function call(hook: Hook, where: string, ...args: unknown[]): unknown {
  const result: unknown = Reflect.apply(hook, undefined, args);
  checkSynchronous(result, where);
  return result;
}

/**
 * @internal Adds a hook to a set. What was recorded of the module without it holds no more; once it is removed, as
 * `summary` does at once, it holds again.
 */
export function addHook(
  hooks: Set<{ hook: Hook }>,
  hook: Hook,
  counted: { revision: number },
  where: string,
): HookHandle {
  checkFunction(hook, where);
  const entry = { hook };
  hooks.add(entry);
  const before = counted.revision;
  const during = unusedRevision();
  counted.revision = during;
  const remove = (): void => {
    if (!hooks.delete(entry)) return;
    counted.revision = counted.revision === during ? before : unusedRevision();
  };
  return { remove, [Symbol.dispose]: remove };
}

/** A number that counting up by one from others does not reach. */
function unusedRevision(): number {
  return nextId() * 2 ** 20;
}
