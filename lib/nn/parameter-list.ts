import { checkArray } from '../check.js';
import type { Tensor } from '../tensor.js';
import { ItemList } from './item-list.js';
import { parameter } from './registered.js';

/** A list of parameters, named by position. @see `torch.nn.ParameterList` */
export class ParameterList extends ItemList<Tensor> {
  /** @param items float32 tensors, which become parameters */
  constructor(items: readonly Tensor[] = []) {
    super('parameters');
    for (const item of checkArray(items, 'an array of tensors', 'ParameterList') as readonly Tensor[]) {
      this.append(item);
    }
  }

  /** Adds a parameter at the end. */
  append(tensor: Tensor): this {
    return this.add(this.parameter(String(this.length), () => parameter(tensor)));
  }
}
