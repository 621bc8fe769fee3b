import { expected, shapeText } from '../check.js';
import { copyInto } from '../ops/copy.js';
import { untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** What `loadStateDict` found. */
export interface LoadReport {
  /** Names that the module has and the state dict has not. */
  missing: string[];
  /** Names that the state dict has and the module has not. */
  unexpected: string[];
}

/**
 * A part of a model: named parameters and further modules, in the order in which they were made. Names are PyTorch's
 * and timm's, so state dicts go back and forth. Counterpart: `torch.nn.Module`.
 */
export abstract class Module {
  /** Whether dropout and the like are on. */
  training = true;
  readonly #parameters = new Map<string, Tensor>();
  readonly #modules = new Map<string, Module>();

  /** Registers a parameter made by `make`, outside all scopes: it lives as long as the module. */
  protected parameter(name: string, make: () => Tensor): Tensor {
    const parameter = untracked(make);
    parameter.requiresGrad = true;
    this.#parameters.get(name)?.dispose();
    this.#parameters.set(name, parameter);
    return parameter;
  }

  /** Registers a module under a name. */
  protected child<M extends Module>(name: string, module: M): M {
    this.#modules.set(name, module);
    return module;
  }

  /** Every parameter with its name, `blocks.0.attn.qkv.weight` for one. */
  namedParameters(): Map<string, Tensor> {
    const named = new Map(this.#parameters);
    for (const [prefix, module] of this.#modules) {
      for (const [name, parameter] of module.namedParameters()) named.set(`${prefix}.${name}`, parameter);
    }
    return named;
  }

  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  /** The module itself and all below it, with their names; its own is ''. */
  namedModules(): Map<string, Module> {
    const named = new Map<string, Module>([['', this]]);
    for (const [prefix, module] of this.#modules) {
      for (const [name, inner] of module.namedModules()) named.set(name === '' ? prefix : `${prefix}.${name}`, inner);
    }
    return named;
  }

  /** Number of trainable and frozen scalars. */
  numParameters(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** The parameters by name: the live tensors, not copies. */
  stateDict(): Map<string, Tensor> {
    return this.namedParameters();
  }

  /**
   * Copies values into the parameters, all or, on error, none.
   *
   * @param options `strict: false` passes over names that only one side has; shapes must agree all the same
   * @throws TypeError that lists every name that is missing, unexpected or of another shape
   * Counterpart: `Module.load_state_dict`.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, options: { strict?: boolean } = {}): LoadReport {
    const own = this.namedParameters();
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const unexpected = [...state.keys()].filter((name) => !own.has(name));
    const problems: string[] = [];
    for (const [name, value] of state) {
      const parameter = own.get(name);
      if (parameter === undefined) continue;
      if (shapeText(parameter.shape) !== shapeText(value.shape)) {
        problems.push(`${name} has shape ${shapeText(value.shape)} instead of ${shapeText(parameter.shape)}`);
      } else if (value.dtype !== 'float32') {
        problems.push(`${name} is ${value.dtype} instead of float32`);
      }
    }
    if (options.strict !== false) {
      for (const name of missing) problems.push(`${name} is missing`);
      for (const name of unexpected) {
        const near = nearest(name, missing.length > 0 ? missing : [...own.keys()]);
        problems.push(`${name} is not a parameter here${near === undefined ? '' : ` (nearest: ${near})`}`);
      }
    }
    if (problems.length > 0) {
      throw new TypeError(
        `Expected a state dict that fits ${this.constructor.name} but ${problems.length} entries do not: ${problems.join('; ')}. Check the model's options against the checkpoint's.`,
      );
    }
    for (const [name, value] of state) {
      const parameter = own.get(name);
      if (parameter !== undefined) copyInto(parameter, value);
    }
    return { missing, unexpected };
  }

  /** Turns dropout and the like on (or off). Counterpart: `Module.train`. */
  train(mode = true): this {
    for (const module of this.namedModules().values()) module.training = mode;
    return this;
  }

  /** Turns dropout and the like off. Counterpart: `Module.eval`. */
  eval(): this {
    return this.train(false);
  }

  /** Releases the parameters and their gradients. */
  dispose(): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A list of modules, named by position. Counterpart: `torch.nn.ModuleList`. */
export class ModuleList<M extends Module> extends Module implements Iterable<M> {
  readonly #items: M[];

  constructor(items: readonly M[]) {
    super();
    this.#items = items.map((item, i) => this.child(String(i), item));
  }

  get length(): number {
    return this.#items.length;
  }

  at(i: number): M {
    const item = this.#items.at(i);
    if (item === undefined) throw expected(`a position within ${this.length} modules`, 'at()', i);
    return item;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#items[Symbol.iterator]();
  }
}

/** The candidate that differs least, if it differs by less than half. */
function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = name.length / 2;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1); // inside the row
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1)); // inside the rows
    }
    row = next;
  }
  return row[b.length] as number; // the row has b.length + 1 entries
}
