import { checkArray, checkInteger, expected } from '../check.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';
import { parameter } from './registered.js';

/** A list of parameters, named by position. Counterpart: `torch.nn.ParameterList`. */
export class ParameterList extends Module implements Iterable<Tensor> {
  readonly #items: Tensor[] = [];

  /** @param items float32 tensors, which become parameters */
  constructor(items: readonly Tensor[] = []) {
    super();
    for (const item of checkArray(items, 'an array of tensors', 'ParameterList') as readonly Tensor[]) {
      this.append(item);
    }
  }

  /** How many parameters there are. */
  get length(): number {
    return this.#items.length;
  }

  /** @throws TypeError for a position that is none; negative ones count from the end */
  at(i: number): Tensor {
    const item = this.#items.at(checkInteger(i, 'at()', -this.length));
    if (item === undefined) throw expected(`a position within ${this.length} parameters`, 'at()', i);
    return item;
  }

  /** Adds a parameter at the end. */
  append(tensor: Tensor): this {
    this.#items.push(this.parameter(String(this.length), () => parameter(tensor)));
    return this;
  }

  [Symbol.iterator](): Iterator<Tensor> {
    return this.#items[Symbol.iterator]();
  }
}
