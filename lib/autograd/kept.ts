import { untracked } from '../scope.js';
import type { Tensor } from '../tensor.js';
import type { Remake } from './rule.js';

/** A tensor saved for backward, or what to make it from; released by `release`. */
export class Kept {
  #sources: readonly Tensor[];
  #versions: readonly number[];
  #make: Remake['make'] | undefined;
  #holders = 1;

  /** @param remake how to make `tensor` again, where that is better than keeping it */
  constructor(tensor: Tensor, remake: { sources: readonly Tensor[]; make: Remake['make'] } | undefined) {
    const sources = remake?.sources ?? [tensor];
    this.#make = remake?.make;
    this.#sources = untracked(() => sources.map((source) => source.alias()));
    this.#versions = sources.map((source) => source.storage.version);
  }

  /** The tensor itself, where it is kept and as it was; undefined where it would have to be made. */
  get plain(): Tensor | undefined {
    return this.#make === undefined && this.changed === undefined ? this.#sources[0] : undefined;
  }

  /** Whether it is not kept but will be made, of sources that are as they were. */
  get isToBeMade(): boolean {
    return this.#make !== undefined && this.changed === undefined;
  }

  /** A source that was modified in place since. */
  get changed(): Tensor | undefined {
    return this.#sources.find((source, i) => source.storage.version !== this.#versions[i]);
  }

  get tensor(): Tensor {
    if (this.#make !== undefined) {
      const made = this.#make(this.#sources);
      for (const source of this.#sources) source.dispose();
      this.#make = undefined;
      this.#sources = [made];
      this.#versions = [made.storage.version];
    }
    return this.#sources[0];
  }

  /** This, for another that releases it. */
  share(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders > 0) return;
    for (const source of this.#sources) source.dispose();
  }
}
