import type { Operand } from './native.js';
import { untracked } from './scope.js';
import type { Pending, Storage } from './storage.js';
import type { Tensor } from './tensor.js';

/**
 * Commands that wait until somebody asks for what they write, and are left out where nobody does. A checkpoint computes its
 * function again for what backward reads; the result itself nobody reads, so that its last product, a third of what a ViT's block
 * computes, would be for nothing.
 */

type Operands = readonly (Tensor | undefined)[];

let isOpen = false;
const waiting = new Set<Deferred>();

class Deferred implements Pending {
  readonly #operands: Operands;
  readonly #versions: readonly (number | undefined)[];

  constructor(
    readonly result: Storage,
    operands: Operands,
    readonly enqueue: (operands: Operands) => void,
  ) {
    this.#operands = untracked(() => operands.map((operand) => operand?.alias())); // which may be gone by then
    this.#versions = operands.map((operand) => operand?.storage.version);
    waiting.add(this);
  }

  run(): void {
    waiting.delete(this);
    try {
      if (this.#operands.some((operand, i) => operand?.storage.version !== this.#versions[i])) {
        throw new Error('Expected the operands of a command that waits to be unchanged but one was modified in place.');
      }
      this.enqueue(this.#operands);
    } finally {
      this.drop();
    }
  }

  drop(): void {
    waiting.delete(this);
    for (const operand of this.#operands) operand?.dispose();
  }
}

/** @internal Runs `fn`, in which commands may wait; what is wanted by then, as its result is still held, is enqueued at the end. */
export function deferring<T>(fn: () => T): T {
  const before = isOpen;
  isOpen = true;
  try {
    return fn();
  } finally {
    isOpen = before;
    settleDeferred();
  }
}

/** @internal Whether commands may wait: what runs is computed again, and backward is next. */
export function isDeferring(): boolean {
  return isOpen;
}

/** @internal Enqueues all that waits: to be called before anything is changed in place. */
export function settleDeferred(): void {
  for (const { result } of waiting) result.settle();
}

/**
 * @internal Enqueues the command that writes `result` from `operands`: at once, or inside `deferring` when somebody asks for the
 * result. `enqueue` is to use what it is given.
 */
export function enqueueWhenRead(
  result: Tensor,
  operands: Operands,
  enqueue: (result: Operand, operands: Operands) => void,
): void {
  if (!isOpen) {
    enqueue(result, operands);
    return;
  }
  const { storage, dtype, size } = result; // the tensor itself may be gone while others have its memory
  const later = (kept: Operands): void => enqueue({ handle: storage.handle, dtype, size }, kept);
  storage.postpone(new Deferred(storage, operands, later));
}
