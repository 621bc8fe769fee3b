import { checkInteger, expected } from '../check.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** A module of one tensor that gives one. */
export type Layer = Module & {
  /** What comes next reads the result. */
  forward(x: Tensor): Tensor;
};

/**
 * Modules one after the other, each on what the one before gives; named by position. Counterpart: `torch.nn.Sequential`.
 *
 * @throws TypeError for what is no module with a forward
 * @example
 * const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 */
export class Sequential extends Module implements Iterable<Layer> {
  readonly #items: Layer[] = [];

  constructor(...layers: readonly Layer[]) {
    super();
    for (const layer of layers) this.append(layer);
  }

  /** How many layers there are. */
  get length(): number {
    return this.#items.length;
  }

  /** @throws TypeError for a position that is none; negative ones count from the end */
  at(i: number): Layer {
    const item = this.#items.at(checkInteger(i, 'at()', -this.length));
    if (item === undefined) throw expected(`a position within ${this.length} modules`, 'at()', i);
    return item;
  }

  /** Adds a module at the end. */
  append(layer: Layer): this {
    if (typeof layer?.forward !== 'function') throw expected('a module with a forward', 'Sequential', layer);
    this.#items.push(this.child(String(this.length), layer));
    return this;
  }

  forward(x: Tensor): Tensor {
    return scope(() => this.#items.reduce((y, layer) => layer.forward(y), x));
  }

  [Symbol.iterator](): Iterator<Layer> {
    return this.#items[Symbol.iterator]();
  }
}
