import { setImmediate as nextTurn } from 'node:timers/promises';

// Timers and sockets are late by a turn. A fifth of the 10 ms that is the bar while a training goes on: the turn's last piece
// takes some time as well, and so does what else is due in it.
const MOST_MS = 2;

/** Long work in JavaScript, cut into turns of the event loop: timers and sockets get theirs between. */
export class Turns {
  readonly #now: () => number;
  #began: number;

  /** @param now milliseconds; of tests */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#began = now();
  }

  /** To be awaited after each piece of work: goes on in another turn where this one has lasted long enough. */
  async pass(): Promise<void> {
    if (this.#now() - this.#began < MOST_MS) return;
    await nextTurn();
    this.#began = this.#now();
  }
}
