import { checkBoolean, expected } from '../check.js';
import { nextId } from '../identity.js';
import { checkTensor } from '../ops/check-tensor.js';
import { keep, untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { Calls, route } from './calls.js';
import { addHook, type ForwardHook, type ForwardPreHook, type HookHandle } from './hooks.js';
import { matcher } from './name-pattern.js';
import { type BufferOptions, checkBuffer, checkPersistent, Registered, trained } from './registered.js';
import { type LoadReport, type LoadStateOptions, loadState } from './state.js';

/**
 * A part of a model: parameters, buffers and further modules, by name, in the order in which they were made. What is
 * assigned to a public field is registered under the field's name: a parameter (`nn.parameter`, or any tensor with
 * `requiresGrad` that is not computed from others), an `nn.buffer`, a module. What cannot be seen, such as a module in a
 * private field or a plain array, is an error at the first `forward`. Names are PyTorch's and timm's in the modules here,
 * so that state dicts go back and forth.
 *
 * `forward` is the one way in: however it is called, hooks see it.
 *
 * @see `torch.nn.Module`
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(784, 128);
 *   fc2 = new nn.Linear(128, 10);
 *   forward(x: Tensor): Tensor {
 *     return this.fc2.forward(F.relu(this.fc1.forward(x)));
 *   }
 * }
 */
export abstract class Module {
  /** @internal What of modules others may not see. */
  static readonly inside = {
    callsOf: (module: Module): Calls => module.#calls,
    /** Whether a tensor is a parameter, buffer or constant of the module itself. */
    owns: (module: Module, tensor: Tensor): boolean => module.#registered.has(tensor),
  };

  /** A number of its own: what a module holds is private, so that deep equality would take any two for the same. */
  readonly moduleId = nextId();
  /** Whether dropout and the like are on. */
  training = true;
  /** @internal Counts changes that no other public field shows, such as of what is registered: recorded steps go by it. */
  revision = 0;
  readonly #registered = new Registered();
  readonly #calls = new Calls({ isModule, owns: Module.inside.owns });

  constructor() {
    const { callsOf } = Module.inside;
    for (let at = new.target.prototype; at !== Module.prototype; at = Object.getPrototypeOf(at)) route(at, callsOf);
  }

  /**
   * Registers a parameter made by `make`, outside all scopes: it lives as long as the module. A parameter named '' goes
   * by its module's name.
   */
  protected parameter(name: string, make: () => Tensor): Tensor {
    const parameter = checkTensor(untracked(make), `the parameter '${name}'`);
    trained(parameter);
    this.#registered.parameters.get(name)?.dispose();
    this.#registered.set('parameters', name, parameter);
    this.revision++;
    return parameter;
  }

  /** Registers a buffer made by `make`, outside all scopes: it is saved, unless told otherwise, and not trained. */
  protected buffer(name: string, make: () => Tensor, options: BufferOptions = {}): Tensor {
    const persistent = checkPersistent(options, `the buffer '${name}'`);
    const tensor = checkBuffer(untracked(make), `the buffer '${name}'`);
    this.#registered.buffers.get(name)?.tensor.dispose();
    this.#registered.set('buffers', name, { tensor, persistent });
    this.revision++;
    return tensor;
  }

  /** A tensor made by `make` that is neither trained nor saved, and lives as long as the module. */
  protected constant(make: () => Tensor): Tensor {
    const constant = untracked(make);
    checkTensor(constant, 'a constant', { dtype: constant?.dtype });
    this.#registered.constants.push(constant);
    this.revision++;
    return constant;
  }

  /** Registers a module under a name. */
  protected child<M extends Module>(name: string, module: M): M {
    if (!(module instanceof Module)) throw expected('a module', `the child '${name}'`, module);
    this.#registered.set('modules', name, module);
    this.revision++;
    return module;
  }

  /** Takes what is registered under a name out of the module; it is not disposed. */
  protected unregister(name: string): void {
    this.#registered.delete(name);
    this.revision++;
  }

  /**
   * Registers a tensor that is not trained, and lives as long as the module.
   *
   * @throws TypeError for a name with a dot, or a tensor that requires a gradient
   * @see `Module.register_buffer`
   */
  registerBuffer(name: string, tensor: Tensor, options: BufferOptions = {}): Tensor {
    if (typeof name !== 'string' || name === '' || name.includes('.')) {
      throw expected('a name without dots', 'registerBuffer', name);
    }
    return this.buffer(name, () => keep(checkBuffer(tensor, 'registerBuffer')), options);
  }

  /**
   * Calls `hook` after each `forward` of this module, however it is called; what it returns, unless undefined, takes the
   * result's place. Tensors live no longer than the scope they are made in: `keep` what is to stay.
   *
   * A Trainer runs the steps of a model with hooks op by op, so that they see every step; with `capture: true` they see
   * those that are recorded, and not their replays. In a `Capture`, reading values is refused in hooks, too.
   *
   * @returns what removes it; with `using`, at the end of the block
   * @see `Module.register_forward_hook`
   * @example
   * using hook = model.head.registerForwardHook((_, [x], logits) => console.log(x.shape, logits.shape));
   */
  registerForwardHook<M extends Module>(this: M, hook: ForwardHook<M>): HookHandle {
    route(this, Module.inside.callsOf);
    return addHook(this.#calls.hooks.after, hook, this, 'registerForwardHook');
  }

  /**
   * Calls `hook` before each `forward` of this module; what it returns, an array of arguments, takes the arguments' place.
   *
   * @returns what removes it
   * @see `Module.register_forward_pre_hook`
   */
  registerForwardPreHook<M extends Module>(this: M, hook: ForwardPreHook<M>): HookHandle {
    route(this, Module.inside.callsOf);
    return addHook(this.#calls.hooks.before, hook, this, 'registerForwardPreHook');
  }

  /** @internal Whether a hook of the user's sees this module's calls. */
  get hooked(): boolean {
    return this.#calls.hooks.some;
  }

  /** Every parameter with its name, `blocks.0.attn.qkv.weight` for one; one with several names has the first. */
  namedParameters(): Map<string, Tensor> {
    const named = new Map<string, Tensor>();
    const seen = new Set<Tensor>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, parameter] of module.#registered.parameters) {
        if (seen.has(parameter)) continue;
        seen.add(parameter);
        named.set(join(prefix, name), parameter);
      }
    }
    return named;
  }

  /** The parameters of this module and of all below it, each once, in the order in which they were registered. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  /** Every buffer with its name, saved or not. */
  namedBuffers(): Map<string, Tensor> {
    const named = new Map<string, Tensor>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, { tensor }] of module.#registered.buffers) named.set(join(prefix, name), tensor);
    }
    return named;
  }

  /** The buffers of this module and of all below it, each once, in the order in which they were registered. */
  buffers(): Tensor[] {
    return [...this.namedBuffers().values()];
  }

  /** The module itself and all below it, with their names; its own is ''. One with several names has the first. */
  namedModules(): Map<string, Module> {
    const named = new Map<string, Module>();
    this.#walk('', named, new Set());
    return named;
  }

  #walk(prefix: string, named: Map<string, Module>, seen: Set<Module>): void {
    if (seen.has(this)) return;
    seen.add(this);
    named.set(prefix, this);
    if (Object.hasOwn(this, 'forward')) route(this, Module.inside.callsOf);
    this.#registered.see(this, isModule);
    for (const [name, module] of this.#registered.modules) module.#walk(join(prefix, name), named, seen);
  }

  /** Number of trainable and frozen scalars. */
  numParameters(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /**
   * Parameters and persistent buffers by all of their names: the live tensors, not copies. `io.readStateDict` reads them
   * all as of one step.
   */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    this.namedModules(); // looks at all fields
    this.#collectState('', state, []);
    return state;
  }

  #collectState(prefix: string, state: Map<string, Tensor>, above: readonly Module[]): void {
    if (above.includes(this)) return; // modules may point at each other in a circle
    const { parameters, buffers, modules } = this.#registered;
    for (const [name, parameter] of parameters) state.set(join(prefix, name), parameter);
    for (const [name, { tensor, persistent }] of buffers) if (persistent) state.set(join(prefix, name), tensor);
    for (const [name, module] of modules) module.#collectState(join(prefix, name), state, [...above, this]);
  }

  /**
   * Copies values into parameters and buffers, all or, on error, none.
   *
   * @param options `strict: false` passes over names that only one side has; what both have must agree all the same
   * @throws TypeError that counts the names that are missing, unexpected or of another shape, and lists the first
   * @see `Module.load_state_dict`
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, options: LoadStateOptions = {}): LoadReport {
    return loadState(this.stateDict(), state, options, this.constructor.name);
  }

  /** Turns dropout and the like on (or off). @see `Module.train` */
  train(mode = true): this {
    checkBoolean(mode, 'train()');
    for (const module of this.namedModules().values()) module.training = mode;
    return this;
  }

  /** Turns dropout and the like off. @see `Module.eval` */
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
      const advice = `Names are such as ${[...named.keys()].slice(0, 3).join(', ')}.`;
      throw expected('a pattern that matches a parameter', this.constructor.name, pattern, advice);
    }
    if (trainable) this.#calls.lookAgain();
    for (const name of names) {
      const parameter = named.get(name) as Tensor; // one of its names
      parameter.requiresGrad = trainable;
      if (trainable) continue;
      parameter.grad?.dispose(); // an optimizer would still apply it
      parameter.grad = null;
    }
    return names;
  }

  /** Releases the parameters, their gradients, the buffers and the module's constants. */
  dispose(): void {
    for (const module of this.namedModules().values()) {
      const { parameters, buffers, constants } = module.#registered;
      const held = [...parameters.values(), ...[...buffers.values()].map(({ tensor }) => tensor), ...constants];
      for (const tensor of held) tensor.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const isModule = (value: unknown): value is Module => value instanceof Module;

/** A name below another; a part without a name of its own goes by that above it. */
function join(prefix: string, name: string): string {
  if (prefix === '') return name;
  return name === '' ? prefix : `${prefix}.${name}`;
}
