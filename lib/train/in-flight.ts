/** A batch on its way. */
export interface Pending {
  /** Of its epoch, from 0. */
  readonly batch: number;
  /** Steps done before its own. */
  readonly globalStep: number;
  /** In the epoch, from 1. */
  readonly step: number;
  readonly endsStep: boolean;
  readonly learningRate: number;
  /** (N) classes, or (N,classes). */
  readonly labels: Int32Array | Float32Array;
  /** Images. */
  readonly count: number;
  readonly values: Promise<BatchValues>;
}

/** What came out for a batch. */
export interface BatchValues {
  readonly loss: number;
  /** (N,classes) */
  readonly logits: ArrayLike<number>;
}

/** Batches on their way, seen to one after the other as they are done. */
export class InFlight {
  #pending: Pending[] = [];
  readonly #finish: (pending: Pending, values: BatchValues) => Promise<void>;

  constructor(finish: (pending: Pending, values: BatchValues) => Promise<void>) {
    this.#finish = finish;
  }

  push(pending: Pending): void {
    pending.values.catch(() => undefined); // awaited below, but not if a batch before it fails
    this.#pending.push(pending);
  }

  /** Waits until so many are left at most. */
  async until(most: number): Promise<void> {
    for (let first = this.#pending[0]; this.#pending.length > most; first = this.#pending[0]) {
      this.#pending.shift();
      await this.#finish(first, await first.values);
    }
  }
}
