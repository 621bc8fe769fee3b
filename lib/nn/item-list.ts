import { checkInteger, expected } from '../check.js';
import { Module } from './module.js';

/** A module whose children, or parameters, are named by position. For the library's own lists alone. */
export abstract class ItemList<T> extends Module implements Iterable<T> {
  readonly #items: T[] = [];
  readonly #kind: string;

  /** @param kind what messages call the items */
  constructor(kind: string) {
    super();
    this.#kind = kind;
  }

  /** How many items there are. */
  get length(): number {
    return this.#items.length;
  }

  /** @throws TypeError for a position that is none; negative ones count from the end */
  at(i: number): T {
    const item = this.#items.at(checkInteger(i, 'at()', -this.length));
    if (item === undefined) throw expected(`a position within ${this.length} ${this.#kind}`, 'at()', i);
    return item;
  }

  /** Notes an item, registered under the name of its position. */
  protected add(item: T): this {
    this.#items.push(item);
    return this;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]();
  }
}
