import { checkArray, checkInteger, expected } from '../check.js';
import { Module } from './module.js';

/** A list of modules, named by position. Counterpart: `torch.nn.ModuleList`. */
export class ModuleList<M extends Module> extends Module implements Iterable<M> {
  readonly #items: M[] = [];

  constructor(items: readonly M[] = []) {
    super();
    for (const item of checkArray(items, 'an array of modules', 'ModuleList') as readonly M[]) this.append(item);
  }

  /** How many modules there are. */
  get length(): number {
    return this.#items.length;
  }

  /** @throws TypeError for a position that is none; negative ones count from the end */
  at(i: number): M {
    const item = this.#items.at(checkInteger(i, 'at()', -this.length));
    if (item === undefined) throw expected(`a position within ${this.length} modules`, 'at()', i);
    return item;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.#items.push(this.child(String(this.length), module));
    return this;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#items[Symbol.iterator]();
  }
}
