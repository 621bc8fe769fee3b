import { type Handle, native } from './native.js';
import { noteModified } from './stream.js';

/** Native memory that tensors share; goes back to the allocator with its last holder. */
export class Storage {
  #holders = 1;
  #version = 0;

  constructor(
    readonly handle: Handle,
    readonly bytes: number,
  ) {}

  /** Counts changes in place, so that autograd notices when a saved tensor is not what it was. */
  get version(): number {
    return this.#version;
  }

  set version(version: number) {
    this.#version = version;
    noteModified(this);
  }

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
