import { checkBoolean, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { checkTensor } from '../ops/check-tensor.js';
import { keep } from '../scope.js';
import { Tensor } from '../tensor.js';
import type { Module } from './module.js';

/** Options of `buffer` and `registerBuffer`. */
export interface BufferOptions {
  /** Whether it is saved with the parameters. Default true. */
  persistent?: boolean;
}

const BUFFER_OPTIONS: OptionNames<BufferOptions> = { persistent: true };

/** @internal A tensor that is not trained, and whether it is saved. */
export interface Buffer {
  tensor: Tensor;
  persistent: boolean;
}

/** Tensors that `buffer` was called on, with whether they are to be saved. */
const marked = new WeakMap<Tensor, boolean>();

/** @internal */
export function checkPersistent(options: BufferOptions, where: string): boolean {
  checkOptions(options, BUFFER_OPTIONS, where);
  return checkBoolean(options.persistent ?? true, `${where} persistent`);
}

/**
 * A tensor as a parameter: as a field of a module it is trained and saved under the field's name. It lives until the
 * module is disposed.
 *
 * @throws TypeError for what is no float32 tensor, or is computed from tensors that require gradients
 * @see `torch.nn.Parameter`
 * @example
 * class Scale extends nn.Module {
 *   gamma = nn.parameter(ones([192]));
 *   forward(x: Tensor): Tensor {
 *     return F.mul(x, this.gamma);
 *   }
 * }
 */
export function parameter(tensor: Tensor): Tensor {
  checkTensor(tensor, 'nn.parameter');
  if (tensor.node !== undefined) throw expected('a tensor not computed from parameters', 'nn.parameter', tensor);
  return keep(trained(tensor));
}

/** @internal A tensor that is trained from now on, and lies in the memory of all nodes that threads run on. */
export function trained(tensor: Tensor): Tensor {
  tensor.requiresGrad = true;
  native.spread(tensor.storage.handle);
  return tensor;
}

/**
 * A tensor as a buffer: as a field of a module it is saved under the field's name, and not trained. It lives until the
 * module is disposed; `set`, or an op that writes in place, changes its values.
 *
 * @throws TypeError for what is no tensor, or requires a gradient
 * @see `torch.nn.Buffer`
 */
export function buffer(tensor: Tensor, options: BufferOptions = {}): Tensor {
  const persistent = checkPersistent(options, 'nn.buffer');
  const kept = keep(checkBuffer(tensor, 'nn.buffer'));
  marked.set(kept, persistent);
  return kept;
}

/** @internal Throws for what is no tensor, or one that is trained. */
export function checkBuffer(tensor: Tensor, where: string): Tensor {
  checkTensor(tensor, where, { dtype: tensor?.dtype });
  if (tensor.requiresGrad) throw expected('a tensor that requires no gradient', where, tensor);
  return tensor;
}

/** @internal A tensor that training changes: it requires a gradient, and is not computed from others. */
export function isTrainable(value: unknown): value is Tensor {
  return value instanceof Tensor && value.requiresGrad && value.node === undefined;
}

type Kind = 'parameters' | 'buffers' | 'modules';

/**
 * @internal What a module holds: what it registered by name, and what its public fields hold, which is looked at again
 * whenever somebody asks. A field that shows what was registered under another name goes by that name.
 */
export class Registered {
  readonly parameters = new Map<string, Tensor>();
  readonly buffers = new Map<string, Buffer>();
  readonly modules = new Map<string, Module>();
  readonly constants: Tensor[] = [];
  /** Registered by a call, rather than for being a field. */
  readonly #called = new Set<string>();
  /** The name that each field goes by. */
  readonly #fields = new Map<string, string>();

  /** Registers under a name, which then means nothing else. */
  set(kind: 'parameters', name: string, value: Tensor): void;
  set(kind: 'buffers', name: string, value: Buffer): void;
  set(kind: 'modules', name: string, value: Module): void;
  set(kind: Kind, name: string, value: Tensor | Buffer | Module): void {
    this.#put(kind, name, value);
    this.#called.add(name);
  }

  /** Looks at the fields of a module. */
  see(fields: object, isModule: (value: unknown) => value is Module): void {
    const keys = Object.keys(fields);
    for (const key of keys) {
      const value = (fields as Record<string, unknown>)[key];
      if (value instanceof Tensor) this.#seeTensor(key, value);
      else if (isModule(value)) this.#seeModule(key, value);
      else if (value === undefined || value === null) this.#forget(key);
    }
    for (const key of this.#fields.keys()) if (!Object.hasOwn(fields, key)) this.#forget(key);
  }

  /** Whether a tensor is one of the module's own. */
  has(tensor: Tensor): boolean {
    for (const parameter of this.parameters.values()) if (parameter === tensor) return true;
    for (const { tensor: buffer } of this.buffers.values()) if (buffer === tensor) return true;
    return this.constants.includes(tensor);
  }

  #seeModule(key: string, value: Module): void {
    const name = this.#fields.get(key) ?? this.#calledNameOf(this.modules, (module) => module === value) ?? key;
    this.#fields.set(key, name);
    if (this.modules.get(name) !== value) this.#put('modules', name, value);
  }

  #seeTensor(key: string, value: Tensor): void {
    const known =
      this.#fields.get(key) ??
      this.#calledNameOf(this.parameters, (tensor) => tensor === value) ??
      this.#calledNameOf(this.buffers, ({ tensor }) => tensor === value);
    const name = known ?? key;
    const buffer = this.buffers.get(name);
    const persistent = marked.get(value);
    if (this.parameters.get(name) === value || buffer?.tensor === value) {
      this.#fields.set(key, name);
    } else if (persistent !== undefined || (buffer !== undefined && !value.requiresGrad)) {
      this.#fields.set(key, name);
      this.#put('buffers', name, { tensor: value, persistent: persistent ?? buffer?.persistent ?? true });
    } else if (isTrainable(value) || (this.parameters.has(name) && (value as Tensor).node === undefined)) {
      this.#fields.set(key, name);
      this.#put('parameters', name, value);
    }
  }

  #calledNameOf<T>(map: ReadonlyMap<string, T>, is: (value: T) => boolean): string | undefined {
    for (const [name, value] of map) if (is(value) && this.#called.has(name)) return name;
    return undefined;
  }

  #forget(key: string): void {
    const name = this.#fields.get(key);
    if (name === undefined) return;
    this.#fields.delete(key);
    this.delete(name);
  }

  #put(kind: Kind, name: string, value: Tensor | Buffer | Module): void {
    for (const other of ['parameters', 'buffers', 'modules'] as const) if (other !== kind) this[other].delete(name);
    (this[kind] as Map<string, typeof value>).set(name, value);
  }

  delete(name: string): void {
    this.parameters.delete(name);
    this.buffers.delete(name);
    this.modules.delete(name);
    this.#called.delete(name);
  }
}
