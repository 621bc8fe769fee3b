import { checkArray } from '../check.js';
import { ItemList } from './item-list.js';
import type { Module } from './module.js';

/** A list of modules, named by position. @see `torch.nn.ModuleList` */
export class ModuleList<M extends Module> extends ItemList<M> {
  constructor(items: readonly M[] = []) {
    super('modules');
    for (const item of checkArray(items, 'an array of modules', 'ModuleList') as readonly M[]) this.append(item);
  }

  /** Adds a module at the end. */
  append(module: M): this {
    return this.add(this.child(String(this.length), module));
  }
}
