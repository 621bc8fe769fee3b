import { expected } from '../check.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { ItemList } from './item-list.js';
import type { Module } from './module.js';

/** A module of one tensor that gives one. */
export type Layer = Module & {
  /** What comes next reads the result. */
  forward(x: Tensor): Tensor;
};

/**
 * Modules one after the other, each on what the one before gives; named by position.
 *
 * @see `torch.nn.Sequential`
 * @throws TypeError for what is no module with a forward
 * @example
 * const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 */
export class Sequential extends ItemList<Layer> {
  constructor(...layers: readonly Layer[]) {
    super('modules');
    for (const layer of layers) this.append(layer);
  }

  /** Adds a module at the end. */
  append(layer: Layer): this {
    if (typeof layer?.forward !== 'function') throw expected('a module with a forward', 'Sequential', layer);
    return this.add(this.child(String(this.length), layer));
  }

  forward(x: Tensor): Tensor {
    return scope(() => [...this].reduce((y, layer) => layer.forward(y), x));
  }
}
