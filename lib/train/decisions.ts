import { isAnomalyEnabled, leafHookChanges } from '../autograd.js';
import type { Module } from '../nn/module.js';
import { Optimizer } from '../optim/optimizer.js';
import { Tensor } from '../tensor.js';

/** One thing that was looked at, as it was. */
interface Seen {
  holds(): boolean;
}

// What is reached from a model's fields; the largest ViT has some 10,000. More is no model's structure but data.
const MOST_VALUES = 200_000;

/**
 * What JavaScript decides of a step, of training or of inference: all that can be read of a model and an optimizer, as it was. That is
 * their public fields and whatever those lead to, in arrays, maps and other objects; modules, parameters and whether
 * each needs a gradient; `training` of every module; functions put in the place of methods. What modules keep in
 * private fields, they count in `revision`. Hooks on leaves and the anomaly mode count as well. The contents of tensors and of typed arrays are no decisions; the
 * optimizer's `lr` and `steps` are inputs.
 *
 * The objects themselves are kept and compared, field by field, so that asking costs some 15 ns a field:
 * 4 us for the ViT of the digits, of whose step that is a five-hundredth.
 */
export class Decisions {
  readonly #seen: Seen[] = [];
  readonly #reached = new Set<unknown>();
  readonly #hookChanges = leafHookChanges();
  readonly #anomalyEnabled = isAnomalyEnabled();
  #values = 0;

  /** @param optimizer where the step updates */
  constructor(model: Module, optimizer?: Optimizer) {
    const modules = model.namedModules();
    const updated = optimizer === undefined ? [] : [optimizer, ...optimizer.parameters];
    for (const root of [...modules.values(), ...model.parameters(), ...updated]) this.#reach(root);
    this.#reached.clear();
  }

  /** Whether too much was reached to be kept; what changes then goes unnoticed. */
  get isTooMuch(): boolean {
    return this.#values > MOST_VALUES;
  }

  /** Whether all is still as it was. */
  hold(): boolean {
    if (leafHookChanges() !== this.#hookChanges || isAnomalyEnabled() !== this.#anomalyEnabled) return false;
    for (const seen of this.#seen) if (!seen.holds()) return false;
    return true;
  }

  #reach(value: unknown): void {
    if (typeof value !== 'object' || value === null || this.#reached.has(value) || this.isTooMuch) return;
    this.#reached.add(value);
    if (value instanceof Tensor) this.#seen.push(new SeenTensor(value));
    else if (Array.isArray(value)) this.#keep(new SeenItems(value));
    else if (value instanceof Map || value instanceof Set) this.#keep(new SeenEntries(value));
    else if (!ArrayBuffer.isView(value)) {
      this.#keep(new SeenFields(value, value instanceof Optimizer ? ['lr', 'steps'] : []));
    }
  }

  #keep(seen: Seen & { readonly values: readonly unknown[] }): void {
    this.#seen.push(seen);
    this.#values += seen.values.length;
    for (const value of seen.values) this.#reach(value);
  }
}

class SeenTensor implements Seen {
  readonly #requiresGrad: boolean;

  constructor(readonly tensor: Tensor) {
    this.#requiresGrad = tensor.requiresGrad;
  }

  holds(): boolean {
    return this.tensor.requiresGrad === this.#requiresGrad && !this.tensor.disposed;
  }
}

class SeenItems implements Seen {
  readonly values: readonly unknown[];

  constructor(readonly array: readonly unknown[]) {
    this.values = array.slice();
  }

  holds(): boolean {
    const { array, values } = this;
    if (array.length !== values.length) return false;
    for (let i = 0; i < values.length; i++) if (!Object.is(array[i], values[i])) return false;
    return true;
  }
}

class SeenEntries implements Seen {
  readonly values: readonly unknown[];

  constructor(readonly entries: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>) {
    this.values = [...entries].flat();
  }

  holds(): boolean {
    const { entries, values } = this;
    let at = 0;
    for (const entry of entries) {
      for (const part of Array.isArray(entry) ? entry : [entry]) if (!Object.is(part, values[at++])) return false;
    }
    return at === values.length;
  }
}

/** An object's fields by name. Walked with `for in`, which takes a tenth of the time of `Object.keys` and reads by name. */
class SeenFields implements Seen {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #names: string[] = [];
  readonly values: unknown[] = [];
  readonly #inputs: readonly string[];

  constructor(object: object, inputs: readonly string[]) {
    this.#object = object as Record<string, unknown>; // to be read
    this.#inputs = inputs;
    for (const name in this.#object) {
      this.#names.push(name);
      this.values.push(inputs.includes(name) ? undefined : this.#object[name]);
    }
  }

  holds(): boolean {
    const object = this.#object;
    const names = this.#names;
    const { values } = this;
    let i = 0;
    for (const name in object) {
      const value = object[name];
      if (name !== names[i]) return false;
      if (value !== values[i] && !Object.is(value, values[i]) && !this.#inputs.includes(name)) return false;
      i++;
    }
    return i === names.length;
  }
}
