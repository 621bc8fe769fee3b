import type { Module } from './module.js';

// The classes of which the library makes models by itself.
const own = new WeakSet<object>();

/** @internal Notes the classes of a model that the library has just made; `root` is left out where it is a user's subclass. */
export function noteOwnCode(root: Module | undefined, modules: ReadonlyMap<string, Module>): void {
  for (const [name, module] of modules) {
    if (name !== '' || module === root) own.add(Object.getPrototypeOf(module));
  }
}

/**
 * @internal Whether a model runs the library's code alone, all of whose decisions show in its fields and `revision`. A
 * `forward` of the user's own may go by anything: a variable outside, a counter, `Math.random()`.
 * So may a hook, which besides wants to see every step.
 */
export function runsOwnCode(model: Module): boolean {
  return [...model.namedModules().values()].every(
    (module) =>
      own.has(Object.getPrototypeOf(module)) &&
      !Object.hasOwn(module, 'forward') &&
      !module.hooked &&
      Object.values(module).every((field) => typeof field !== 'function'),
  );
}
