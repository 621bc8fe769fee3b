import { inspect } from 'node:util';
import { checkBoolean, describe, expected, shapeText, sizeOf } from './check.js';
import { type Handle, native } from './native.js';
import { type GraphNode, track, untrack } from './scope.js';
import { forgotten, Storage } from './storage.js';
import { checkMayRead, isCapturing, noteHostWrite, StreamError, settled } from './stream.js';
import { type TensorFacts, tensorHead, tensorText } from './tensor-text.js';
import {
  bytesOf,
  checkValues,
  type DType,
  storedArray,
  storedBytes,
  storedValues,
  type TensorData,
  wordsOf,
} from './tensor-values.js';
import { Views } from './views.js';

export type { DType, NestedNumbers, TensorData } from './tensor-values.js';

let made = 0;

/** The typed array that `data()` of a tensor of type T gives; either, where the type does not tell the dtype. */
export type DataOf<T> = T extends Tensor<infer D> ? (D extends 'int32' ? Int32Array : Float32Array) : never;

/**
 * A handle to an n-dimensional array in native memory, contiguous and row-major.
 *
 * Ops on tensors are enqueued on the command stream and run while JavaScript goes on; only `data`, `item` and their
 * `...Sync` forms wait. Memory is released by `dispose`, `using` or the enclosing `scope`.
 *
 * `Tensor<'float32'>` and `Tensor<'int32'>` tell the types of `data()` and `dataSync()`. A plain `Tensor` is of either,
 * and fits where one of them is asked for: code that does not care need not say.
 *
 * @see `torch.Tensor`
 */
export class Tensor<D extends DType = DType> {
  /** Exists for the type checker alone: it compares methods' parameters both ways, which makes a plain Tensor fit. */
  declare protected readonly ofDType?: { of(dtype: D): void }['of'];
  /** A number of its own, by which deep equality tells tensors apart: their contents lie where it cannot look. */
  readonly id = ++made;
  readonly #shape: readonly number[];
  readonly #dtype: DType; // not D, which would keep a plain Tensor from fitting
  #requiresGrad = false;
  #grad: Tensor | null = null;
  #node: GraphNode | undefined;
  #outputIndex = 0;
  #storage: Storage | null;
  #views: Views<Tensor> | undefined; // where there are any

  /** @internal Use `tensor`, `zeros` and their like. Freezes `shape`. */
  constructor(shape: readonly number[], dtype: D, storage: Storage) {
    this.#shape = Object.freeze(shape); // what kernels read follows from it
    this.#dtype = dtype;
    this.#storage = storage;
    forgotten.register(this, storage, this);
    track(this);
  }

  /** Sizes of the dimensions; none for a tensor of one number without dimensions. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** The type of each element: `'float32'`, `'int32'` or `'bfloat16'`. */
  get dtype(): DType {
    return this.#dtype;
  }

  /**
   * Whether `backward` computes this tensor's gradient.
   *
   * Setting it throws a TypeError on int32, which has no gradients, and for `false` on a result of tensors that require
   * one: ops on it would take it for a constant. Make the result in `noGrad` instead.
   */
  get requiresGrad(): boolean {
    this.#views?.follow(this);
    return this.#requiresGrad;
  }

  set requiresGrad(on: boolean) {
    checkBoolean(on, 'requiresGrad');
    if (on && this.#dtype === 'int32') throw expected('a float32 tensor', 'requiresGrad', this);
    if (!on && this.node !== undefined) {
      throw expected('a tensor that no op made', 'requiresGrad = false', this, 'Make it inside noGrad().');
    }
    this.#requiresGrad = on;
  }

  /** The gradient, after `backward`; only tensors made with `requiresGrad` keep one. One that is set must fit. */
  get grad(): Tensor | null {
    return this.#grad;
  }

  set grad(gradient: Tensor | null) {
    if (gradient !== null && !isLike(gradient, this.#shape, this.#dtype)) {
      throw expected(`null, or a ${this.#dtype} tensor of shape ${shapeText(this.#shape)}`, 'grad', gradient);
    }
    this.#grad = gradient;
  }

  /** @internal What made this tensor. */
  get node(): GraphNode | undefined {
    this.#views?.follow(this);
    return this.#node;
  }

  /** @internal Which of its node's outputs it is. */
  get outputIndex(): number {
    this.#views?.follow(this);
    return this.#outputIndex;
  }

  /** @internal Makes this the given output of a node of the graph. */
  attach(node: GraphNode, outputIndex: number): void {
    this.#requiresGrad = true;
    this.#node = node;
    this.#outputIndex = outputIndex;
  }

  /** @internal As `attach`, of what a recorded op changed in place; views of it are led there when they are next asked. */
  attachChanged(node: GraphNode, lead: (view: Tensor) => void): void {
    this.attach(node, 0);
    this.#views?.noteChange(lead);
  }

  /** @internal Its place among the tensors that share its memory and what made it, where there are others. */
  get views(): Views<Tensor> | undefined {
    return this.#views;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.#shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Whether its memory was given back; every use of it then throws. */
  get disposed(): boolean {
    return this.#storage === null;
  }

  /** @internal */
  get storage(): Storage {
    if (this.#storage === null) {
      throw new Error(
        `Expected a live tensor but received one that was disposed, ${describe(this)}. Keep it until its last use: return it from its scope, or dispose it later.`,
      );
    }
    return this.#storage;
  }

  /** @internal For native ops. Throws when the tensor was disposed. */
  get handle(): Handle {
    return this.storage.handle;
  }

  /** @internal A tensor of the same memory. */
  alias(shape: readonly number[] = this.shape): Tensor<D> {
    return new Tensor(shape, this.dtype as D, this.storage.retain()); // as it was made
  }

  /** @internal As `alias`, and changed in place together with this; a constant where it is not `traced`. */
  view(shape: readonly number[], traced: boolean): Tensor<D> {
    const view = this.alias(shape);
    this.#views ??= Views.of<Tensor>(this);
    view.#views = this.#views.another(traced);
    return view;
  }

  /** The elements, in row-major order, once all ops enqueued so far have run. Rejects when one of them failed. */
  async data<T extends Tensor>(this: T): Promise<DataOf<T>> {
    checkMayRead('data()');
    const { stored, values } = storedArray(this.size, this.dtype);
    const { handle } = this;
    await settled(stored, (done) => native.read(handle, stored, 0, done));
    return values() as DataOf<T>; // of its dtype
  }

  /** As `data`, but blocks the event loop. For scripts and tests. */
  dataSync<T extends Tensor>(this: T): DataOf<T> {
    checkMayRead('dataSync()');
    const { stored, values } = storedArray(this.size, this.dtype);
    const fault = native.readSync(this.handle, stored, 0);
    if (fault !== undefined) throw new StreamError(fault);
    return values() as DataOf<T>; // of its dtype
  }

  /** The value of a tensor of one element. */
  async item(): Promise<number> {
    this.#checkOneElement();
    const data: TensorData = await this.data();
    return data[0];
  }

  /** As `item`, but blocks the event loop. */
  itemSync(): number {
    this.#checkOneElement();
    const data: TensorData = this.dataSync();
    return data[0];
  }

  /** Overwrites all elements, in place, in order with the ops enqueued before. @see `Tensor.copy_` */
  set(values: TensorData | readonly number[]): this {
    const given = checkValues(values, this.size, `set on ${describe(this)}`);
    noteHostWrite('set()');
    native.write(this.handle, storedValues(given, this.#dtype), 0);
    this.storage.version++;
    return this;
  }

  /** Gives the memory back at once; the tensor, and its gradient, cannot be used any more. May be called twice. */
  dispose(): void {
    this.#grad?.dispose();
    this.#grad = null;
    this.#node = undefined;
    this.#views = undefined;
    if (this.#storage === null) return;
    forgotten.unregister(this);
    untrack(this);
    this.#storage.release();
    this.#storage = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Runs `fn` while this tensor, which was disposed, is what `alias` is. */
  lend<T>(alias: Tensor, fn: () => T): T {
    this.#storage = alias.storage.retain();
    this.#node = alias.node;
    this.#outputIndex = alias.outputIndex;
    try {
      return fn();
    } finally {
      this.#node = undefined;
      this.#storage?.release();
      this.#storage = null;
    }
  }

  /** Dtype and shape; `console.log` shows values too, where they are computed already. */
  toString(): string {
    return tensorHead(this.#facts());
  }

  /** Dtype and shape: values have to be awaited, `[...(await x.data())]`. */
  toJSON(): { dtype: DType; shape: readonly number[] } {
    return { dtype: this.#dtype, shape: this.#shape };
  }

  [inspect.custom](depth: number): string {
    return depth < 0 ? tensorHead(this.#facts()) : tensorText(this.#facts());
  }

  #facts(): TensorFacts {
    const { shape, dtype, requiresGrad, disposed } = this;
    const peek: TensorFacts['peek'] = (start, count) => {
      const { stored, values } = storedArray(count, dtype);
      return !isCapturing() && native.peek(this.handle, stored, start * bytesOf(dtype)) ? values() : undefined;
    };
    return { shape, dtype, requiresGrad, disposed, peek };
  }

  #checkOneElement(): void {
    if (this.size !== 1) throw expected('a tensor of one element', 'item()', this, 'Read data() instead.');
  }
}

/** Whether a value is a live tensor of the given sizes and dtype. */
function isLike(value: unknown, shape: readonly number[], dtype: DType): boolean {
  if (!(value instanceof Tensor) || value.disposed || value.dtype !== dtype) return false;
  return value.shape.length === shape.length && value.shape.every((size, axis) => size === shape[axis]);
}

/** @internal How many tensors there have been: those made later have a greater `id`. */
export function tensorsMade(): number {
  return made;
}

/** @internal A tensor of undefined content. Freezes `shape`. */
export function empty(shape: readonly number[]): Tensor<'float32'>;
export function empty<D extends DType>(shape: readonly number[], dtype: D): Tensor<D>;
export function empty(shape: readonly number[], dtype: DType = 'float32'): Tensor {
  const bytes = storedBytes(sizeOf(shape), dtype);
  return new Tensor(shape, dtype, Storage.allocate(bytes, `a ${dtype} tensor of shape ${shapeText(shape)}`));
}

/** @internal Sets every element in place. */
export function fill<T extends Tensor>(target: T, value: number): T {
  native.fill({ y: target, ...wordsOf(value, target) });
  target.storage.version++;
  return target;
}
