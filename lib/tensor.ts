import { checkOneOf, checkShape, describe, expected, shapeText, sizeOf, Text } from './check.js';
import { type Handle, native } from './native.js';
import { type GraphNode, track, untrack } from './scope.js';
import { checkMayRead, StreamError, settled } from './stream.js';

/** The element types of a tensor; both take four bytes. */
export type DType = 'float32' | 'int32';
/** The typed array that holds a tensor's elements. */
export type TensorData = Float32Array | Int32Array;

const BYTES = 4;

/** Native memory that tensors share; goes back to the allocator with its last holder. */
class Storage {
  #holders = 1;
  /** Counts changes in place, so that autograd notices when a saved tensor is not what it was. */
  version = 0;

  constructor(
    readonly handle: Handle,
    readonly bytes: number,
  ) {}

  get holders(): number {
    return this.#holders;
  }

  retain(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders === 0) native.release(this.handle);
  }

  static allocate(bytes: number, what: string): Storage {
    const handle = native.allocate(bytes);
    if (handle === 0) {
      const { live } = native.memory();
      throw new RangeError(
        `Expected memory for ${what} but its ${bytes} bytes on top of the ${live} in use are more than the ${native.cpu().memory} this process may have. Use a smaller batch, or dispose tensors.`,
      );
    }
    return new Storage(handle, bytes);
  }
}

// The safety net under scopes and dispose: a tensor that was simply forgotten gives its memory back when collected.
const forgotten = new FinalizationRegistry<Storage>((storage) => storage.release());

/**
 * A handle to an n-dimensional array in native memory, contiguous and row-major.
 *
 * Ops on tensors are enqueued on the command stream and run while JavaScript goes on; only `data`, `item` and their
 * `...Sync` forms wait. Memory is released by `dispose`, `using` or the enclosing `scope`. Counterpart: `torch.Tensor`.
 */
export class Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Whether `backward` computes this tensor's gradient. */
  requiresGrad = false;
  /** The gradient, after `backward`; only tensors made with `requiresGrad` keep one. */
  grad: Tensor | null = null;
  /** @internal What made this tensor, and as which of its outputs. */
  node: GraphNode | undefined;
  /** @internal */
  outputIndex = 0;
  #storage: Storage | null;

  /** @internal Use `tensor`, `zeros` and their like. */
  constructor(shape: readonly number[], dtype: DType, storage: Storage) {
    this.shape = shape;
    this.dtype = dtype;
    this.#storage = storage;
    forgotten.register(this, storage, this);
    track(this);
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }

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
  alias(shape: readonly number[] = this.shape): Tensor {
    return new Tensor(shape, this.dtype, this.storage.retain());
  }

  /** The elements, in row-major order, once all ops enqueued so far have run. Rejects when one of them failed. */
  async data(): Promise<TensorData> {
    checkMayRead('data()');
    const array = this.#emptyArray();
    const { handle } = this;
    return settled(array, (done) => native.read(handle, array, 0, done));
  }

  /** As `data`, but blocks the event loop. For scripts and tests. */
  dataSync(): TensorData {
    checkMayRead('dataSync()');
    const array = this.#emptyArray();
    const fault = native.readSync(this.handle, array, 0);
    if (fault !== undefined) throw new StreamError(fault);
    return array;
  }

  /** The value of a tensor of one element. */
  async item(): Promise<number> {
    this.#checkOneElement();
    const data = await this.data();
    return data[0] as number; // one element, checked above
  }

  /** As `item`, but blocks the event loop. */
  itemSync(): number {
    this.#checkOneElement();
    return this.dataSync()[0] as number; // one element, checked above
  }

  /** Overwrites all elements, in place, in order with the ops enqueued before. Counterpart: `Tensor.copy_`. */
  set(values: TensorData | readonly number[]): this {
    if (values?.length !== this.size) throw expected(`${this.size} values`, `set on ${describe(this)}`, values);
    native.write(this.handle, toTypedArray(values, this.dtype), 0);
    this.storage.version++;
    return this;
  }

  /** Gives the memory back at once; the tensor, and its gradient, cannot be used any more. May be called twice. */
  dispose(): void {
    this.grad?.dispose();
    this.grad = null;
    this.node = undefined;
    if (this.#storage === null) return;
    forgotten.unregister(this);
    untrack(this);
    this.#storage.release();
    this.#storage = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor(${this.dtype} ${shapeText(this.shape)}${this.disposed ? ', disposed' : ''})`;
  }

  #emptyArray(): TensorData {
    return this.dtype === 'int32' ? new Int32Array(this.size) : new Float32Array(this.size);
  }

  #checkOneElement(): void {
    if (this.size !== 1) throw expected('a tensor of one element', 'item()', this, 'Read data() instead.');
  }
}

/** Options of the functions that make tensors. */
export interface TensorOptions {
  /** Default `'float32'`, or what the given typed array holds. */
  dtype?: DType;
  /** Whether gradients are computed for it; only for float32. Default false. */
  requiresGrad?: boolean;
}

/** @internal A tensor of undefined content. */
export function empty(shape: readonly number[], dtype: DType = 'float32'): Tensor {
  const bytes = sizeOf(shape) * BYTES;
  return new Tensor(shape, dtype, Storage.allocate(bytes, `a ${dtype} tensor of shape ${shapeText(shape)}`));
}

/** @internal As `empty`, filled with bits; for state that is no tensor to the user. */
export function emptyBytes(bytes: number): Tensor {
  return empty([Math.ceil(bytes / BYTES)], 'int32');
}

/**
 * A tensor from numbers, copied.
 *
 * @param values a typed array or (nested) arrays of numbers
 * @param shape sizes; their product must be the number of values. Default: the nesting of `values`.
 * @throws TypeError on ragged nesting, a wrong number of values, or values that are no numbers
 * @example
 * const w = tensor(new Float32Array(12), [3, 4], { requiresGrad: true });
 */
export function tensor(
  values: TensorData | NestedNumbers | number,
  shape?: readonly number[],
  options: TensorOptions = {},
): Tensor {
  const dtype = dtypeOf(options, values instanceof Int32Array ? 'int32' : 'float32');
  const flat = ArrayBuffer.isView(values) ? values : flatten(values);
  const sizes = shape === undefined ? nesting(values) : checkShape(shape, 'tensor');
  if (flat.length !== sizeOf(sizes)) {
    throw expected(`${sizeOf(sizes)} values`, `a tensor of shape ${shapeText(sizes)}`, new Text(`${flat.length}`));
  }
  const data = toTypedArray(flat, dtype);
  const result = withGrad(empty(sizes, dtype), options);
  native.write(result.handle, data, 0);
  return result;
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** A tensor with every element `value`. */
export function full(shape: readonly number[], value: number, options: TensorOptions = {}): Tensor {
  const dtype = dtypeOf(options, 'float32');
  toTypedArray([value], dtype); // throws for what the dtype cannot hold, while there is no tensor yet
  return fill(withGrad(empty(checkShape(shape, 'full'), dtype), options), value);
}

/** @internal Sets every element in place. */
export function fill(target: Tensor, value: number): Tensor {
  const bits = toTypedArray([value], target.dtype);
  native.fill(target.handle, target.size, new Uint32Array(bits.buffer)[0] as number); // the array has one element
  target.storage.version++;
  return target;
}

/** @internal Applies `requiresGrad` to a new tensor. */
export function withGrad(result: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad === true && result.dtype !== 'float32') {
    result.dispose();
    throw expected('a float32 tensor', 'requiresGrad', result);
  }
  result.requiresGrad = options.requiresGrad === true;
  return result;
}

function dtypeOf(options: TensorOptions, usual: DType): DType {
  return checkOneOf(options.dtype ?? usual, 'dtype', ['float32', 'int32']);
}

/** Numbers nested as deep as the tensor has axes. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

function nesting(values: unknown): number[] {
  if (ArrayBuffer.isView(values)) return [(values as Float32Array).length];
  if (!Array.isArray(values)) return [];
  const inner = values.length === 0 ? [] : nesting(values[0]);
  for (const value of values) {
    if (String(nesting(value)) !== String(inner)) {
      throw expected('arrays of equal length at each depth', 'tensor', values, 'Ragged arrays have no shape.');
    }
  }
  return [values.length, ...inner];
}

function flatten(values: NestedNumbers | number): number[] {
  if (!Array.isArray(values)) return [values as number];
  return values.every((value) => typeof value === 'number')
    ? (values as number[])
    : (values.flat(Number.POSITIVE_INFINITY) as number[]);
}

function toTypedArray(values: TensorData | readonly number[], dtype: DType): TensorData {
  // The addon reads plain memory only: what lies in a SharedArrayBuffer is copied.
  const plain = ArrayBuffer.isView(values) && values.buffer instanceof ArrayBuffer;
  if (plain && dtype === 'float32' && values instanceof Float32Array) return values;
  if (plain && dtype === 'int32' && values instanceof Int32Array) return values;
  for (const value of values) if (typeof value !== 'number') throw expected('numbers', `a ${dtype} tensor`, value);
  if (dtype === 'float32') return Float32Array.from(values);
  for (const value of values) {
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 31) {
      throw expected('whole numbers of 32 bits', 'an int32 tensor', value);
    }
  }
  return Int32Array.from(values);
}
