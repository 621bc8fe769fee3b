import type { StopReason } from './fit-result.js';

/** Whether a training is to end, and why: the first reason counts. */
export class Stop {
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: number;
  #reason: StopReason = 'done';

  /** @param maxTime in seconds */
  constructor(signal: AbortSignal | undefined, maxTime: number | undefined) {
    this.#signal = signal;
    this.#deadline = performance.now() + 1000 * (maxTime ?? Infinity);
  }

  ask(reason: StopReason): void {
    if (this.#reason === 'done') this.#reason = reason;
  }

  /** The reason, `'done'` where there is none yet. */
  get reason(): StopReason {
    if (this.#signal?.aborted) this.ask('signal');
    else if (performance.now() > this.#deadline) this.ask('maxTime');
    return this.#reason;
  }

  get isAsked(): boolean {
    return this.reason !== 'done';
  }
}
