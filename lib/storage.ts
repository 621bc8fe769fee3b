import { type Handle, native } from './native.js';
import { noteModified } from './stream.js';

/** What follows from a storage's content, and is let go of when that changes. */
export interface Derived {
  release(): void;
}

/** The command that writes a storage, where it waits until somebody asks for the content. */
export interface Pending {
  /** Enqueues it. */
  run(): void;
  /** Leaves it out. */
  drop(): void;
}

/** Native memory that tensors share; goes back to the allocator with its last holder. */
export class Storage {
  /** Lets go of memory that is kept for speed alone; whether there was any. */
  static onShortage: (() => boolean) | undefined;

  #holders = 1;
  #version = 0;
  #derived: Derived | undefined;
  #pending: Pending | undefined;
  readonly #handle: Handle;

  constructor(
    handle: Handle,
    readonly bytes: number,
  ) {
    this.#handle = handle;
  }

  /** For whoever reads or writes it: what is pending is enqueued first. */
  get handle(): Handle {
    if (this.#pending !== undefined) this.settle();
    return this.#handle;
  }

  /** Its content is what `pending` writes, once somebody asks for it. */
  postpone(pending: Pending): void {
    this.#pending = pending;
  }

  /** Enqueues what is pending. */
  settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.run();
  }

  /** Counts changes in place, so that autograd notices when a saved tensor is not what it was. */
  get version(): number {
    return this.#version;
  }

  set version(version: number) {
    this.#version = version;
    this.derived = undefined;
    noteModified(this);
  }

  /** What was made of its content, until the next change. */
  get derived(): Derived | undefined {
    return this.#derived;
  }

  set derived(derived: Derived | undefined) {
    const before = this.#derived;
    this.#derived = derived;
    if (before !== derived) before?.release();
  }

  get holders(): number {
    return this.#holders;
  }

  retain(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.derived = undefined;
    this.#pending?.drop();
    this.#pending = undefined;
    native.release(this.#handle);
  }

  static allocate(bytes: number, what: string): Storage {
    let handle = native.allocate(bytes);
    if (handle === 0 && Storage.onShortage?.() === true) handle = native.allocate(bytes);
    if (handle === 0) throw outOfMemory(bytes, what);
    return new Storage(handle, bytes);
  }
}

/** The error of memory that cannot be had. */
export function outOfMemory(bytes: number, what: string): RangeError {
  const { live } = native.memory();
  return new RangeError(
    `Expected memory for ${what} but its ${bytes} bytes on top of the ${live} in use are more than the ${native.cpu().memory} this process may have. Use a smaller batch, or dispose tensors.`,
  );
}

// The safety net under scopes and dispose: a tensor that was simply forgotten gives its memory back when collected.
export const forgotten = new FinalizationRegistry<Storage>((storage) => storage.release());
