import { checkArray, checkBoolean, checkInteger, describe, expected, listed, printable, shapeText } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { nextId } from '../identity.js';
import { nearestName } from '../nearest-name.js';
import { checkTensor } from '../ops/check-tensor.js';
import { copyInto } from '../ops/copy.js';
import { untracked } from '../scope.js';
import { Tensor } from '../tensor.js';
import { matcher } from './name-pattern.js';

// Of names that do not fit: enough to see what is wrong, of files that may hold tens of thousands.
const mostListed = 6;

/** Options of `loadStateDict`. */
export interface LoadStateOptions {
  /** Whether a name that only one side has is an error. Default true. */
  strict?: boolean;
}

const LOAD_STATE_OPTIONS: OptionNames<LoadStateOptions> = { strict: true };

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
  /** A number of its own: what a module holds is private, so that deep equality would take any two for the same. */
  readonly moduleId = nextId();
  /** Whether dropout and the like are on. */
  training = true;
  /** @internal Counts changes that no other public field shows, such as of what is registered: recorded steps go by it. */
  revision = 0;
  readonly #parameters = new Map<string, Tensor>();
  readonly #modules = new Map<string, Module>();
  readonly #constants: Tensor[] = [];

  /**
   * Registers a parameter made by `make`, outside all scopes: it lives as long as the module. A parameter named '' goes
   * by its module's name.
   */
  protected parameter(name: string, make: () => Tensor): Tensor {
    const parameter = checkTensor(untracked(make), `the parameter '${name}'`);
    parameter.requiresGrad = true;
    this.#parameters.get(name)?.dispose();
    this.#parameters.set(name, parameter);
    this.revision++;
    return parameter;
  }

  /** A tensor made by `make` that is neither trained nor saved, and lives as long as the module. */
  protected constant(make: () => Tensor): Tensor {
    const constant = untracked(make);
    checkTensor(constant, 'a constant', { dtype: constant?.dtype });
    this.#constants.push(constant);
    this.revision++;
    return constant;
  }

  /** Registers a module under a name. */
  protected child<M extends Module>(name: string, module: M): M {
    if (!(module instanceof Module)) throw expected('a module', `the child '${name}'`, module);
    this.#modules.set(name, module);
    this.revision++;
    return module;
  }

  /** Every parameter with its name, `blocks.0.attn.qkv.weight` for one. */
  namedParameters(): Map<string, Tensor> {
    const named = new Map(this.#parameters);
    for (const [prefix, module] of this.#modules) {
      for (const [name, parameter] of module.namedParameters()) named.set(join(prefix, name), parameter);
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
      for (const [name, inner] of module.namedModules()) named.set(join(prefix, name), inner);
    }
    return named;
  }

  /** Number of trainable and frozen scalars. */
  numParameters(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** The parameters by name: the live tensors, not copies. `io.readStateDict` reads them all as of one step. */
  stateDict(): Map<string, Tensor> {
    return this.namedParameters();
  }

  /**
   * Copies values into the parameters, all or, on error, none.
   *
   * @param options `strict: false` passes over names that only one side has; what both have must agree all the same
   * @throws TypeError that counts the names that are missing, unexpected or of another shape, and lists the first
   * Counterpart: `Module.load_state_dict`.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, options: LoadStateOptions = {}): LoadReport {
    checkOptions(options, LOAD_STATE_OPTIONS, 'loadStateDict');
    const strict = checkBoolean(options.strict ?? true, 'loadStateDict strict');
    if (!(state instanceof Map)) throw expected('a Map of name to Tensor', 'loadStateDict', state);
    const own = this.namedParameters();
    const missing = [...own.keys()].filter((name) => !state.has(name));
    const unexpected = [...state.keys()].filter((name) => !own.has(name));
    const problems: string[] = [];
    for (const [name, value] of state) {
      const parameter = own.get(name);
      if (parameter === undefined) continue;
      if (!(value instanceof Tensor)) {
        problems.push(`${name} is ${describe(value)} instead of a Tensor`);
      } else if (value.disposed) {
        problems.push(`${name} was disposed`);
      } else if (shapeText(parameter.shape) !== shapeText(value.shape)) {
        problems.push(`${name} has shape ${shapeText(value.shape)} instead of ${shapeText(parameter.shape)}`);
      } else if (value.dtype !== 'float32') {
        problems.push(`${name} is ${value.dtype} instead of float32`);
      }
    }
    if (strict) {
      for (const name of missing) problems.push(`${name} is missing`);
      for (const [i, name] of unexpected.entries()) {
        // Those that are listed are looked for: files may hold any number of names, as long as they like.
        const compare = i < mostListed && name.length <= 200;
        const near = compare ? nearestName(name, missing.length > 0 ? missing : [...own.keys()]) : undefined;
        problems.push(
          `${name.slice(0, 200)} is not a parameter here${near === undefined ? '' : ` (nearest: ${near})`}`,
        );
      }
    }
    if (problems.length > 0) {
      const told = listed(problems, { most: mostListed, separator: '; ' });
      const text = `Expected a state dict that fits ${this.constructor.name} but ${problems.length} entries do not: ${told}. Check the model's options against the checkpoint's.`;
      throw new TypeError(printable(text));
    }
    for (const [name, value] of state) {
      const parameter = own.get(name);
      if (parameter !== undefined) copyInto(parameter, value);
    }
    return { missing, unexpected };
  }

  /** Turns dropout and the like on (or off). Counterpart: `Module.train`. */
  train(mode = true): this {
    checkBoolean(mode, 'train()');
    for (const module of this.namedModules().values()) module.training = mode;
    return this;
  }

  /** Turns dropout and the like off. Counterpart: `Module.eval`. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Keeps parameters as they are in training to come: they get no gradients.
   *
   * @param pattern of names: a RegExp, or a glob in which `*` stands for any characters and `?` for one
   * @returns the names that match
   * @throws TypeError for a pattern that matches none
   * @example
   * model.freeze('*');
   * model.unfreeze(/^head/); // trains the head alone
   */
  freeze(pattern: string | RegExp): string[] {
    return this.#setTrainable(pattern, false);
  }

  /** Undoes `freeze` for the parameters whose names match, in the same words. */
  unfreeze(pattern: string | RegExp = '*'): string[] {
    return this.#setTrainable(pattern, true);
  }

  #setTrainable(pattern: string | RegExp, trainable: boolean): string[] {
    const matches = matcher(pattern);
    const named = this.namedParameters();
    const names = [...named.keys()].filter(matches);
    if (names.length === 0) {
      const some = [...named.keys()].slice(0, 3).join(', ');
      throw expected(
        'a pattern that matches a parameter',
        this.constructor.name,
        pattern,
        `Names are such as ${some}.`,
      );
    }
    for (const name of names) {
      const parameter = named.get(name) as Tensor; // one of its names
      parameter.requiresGrad = trainable;
      if (trainable) continue;
      parameter.grad?.dispose(); // an optimizer would still apply it
      parameter.grad = null;
    }
    return names;
  }

  /** Releases the parameters, their gradients and the module's constants. */
  dispose(): void {
    for (const module of this.namedModules().values()) {
      for (const tensor of [...module.#parameters.values(), ...module.#constants]) tensor.dispose();
    }
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
    this.#items = (checkArray(items, 'an array of modules', 'ModuleList') as readonly M[]).map((item, i) =>
      this.child(String(i), item),
    );
  }

  get length(): number {
    return this.#items.length;
  }

  at(i: number): M {
    const item = this.#items.at(checkInteger(i, 'at()', -this.length));
    if (item === undefined) throw expected(`a position within ${this.length} modules`, 'at()', i);
    return item;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#items[Symbol.iterator]();
  }
}

/** A name below another; a part without a name of its own goes by that above it. */
function join(prefix: string, name: string): string {
  return name === '' ? prefix : `${prefix}.${name}`;
}
