import { expected } from '../check.js';
import { Module } from './module.js';

/** Modules by name, in the order in which they were set. @see `torch.nn.ModuleDict` */
export class ModuleDict<M extends Module> extends Module implements Iterable<[string, M]> {
  readonly #items = new Map<string, M>();

  /** @throws TypeError for what is no object or Map of modules, or a name that is empty or has a dot */
  constructor(items: Readonly<Record<string, M>> | ReadonlyMap<string, M> = {}) {
    super();
    if (typeof items !== 'object' || items === null || Array.isArray(items) || items instanceof Module) {
      throw expected('an object or a Map of modules', 'ModuleDict', items);
    }
    for (const [name, module] of items instanceof Map ? items : Object.entries(items)) this.set(name, module);
  }

  /** How many modules there are. */
  get size(): number {
    return this.#items.size;
  }

  /** The module of that name; undefined if there is none. */
  get(name: string): M | undefined {
    return this.#items.get(name);
  }

  /** Whether there is a module of that name. */
  has(name: string): boolean {
    return this.#items.has(name);
  }

  /** Adds a module, or puts one in the place of that of the same name. */
  set(name: string, module: M): this {
    if (typeof name !== 'string' || name === '' || name.includes('.')) {
      throw expected('a name without dots', 'ModuleDict', name);
    }
    this.#items.set(name, this.child(name, module));
    return this;
  }

  /** Takes a module out; it is not disposed. */
  delete(name: string): boolean {
    if (!this.#items.delete(name)) return false;
    this.unregister(name);
    return true;
  }

  /** The names, in the order in which they were set. */
  keys(): IterableIterator<string> {
    return this.#items.keys();
  }

  /** The modules, in the order in which they were set. */
  values(): IterableIterator<M> {
    return this.#items.values();
  }

  /** Names and modules, in the order in which they were set. */
  entries(): IterableIterator<[string, M]> {
    return this.#items.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.#items.entries();
  }
}
