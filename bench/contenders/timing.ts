import { performance } from 'node:perf_hooks';
import { fence } from '../../lib/index.js';
import type { Step } from './steps.js';

// Steps shorter than this are timed several in a row, so that the wait for the last of them does not count for each:
// PyTorch's are timed alike.
const SHORTEST_SAMPLE_MS = 1;
const WARM_UP_MS = 100;

/** Times a step in rounds. */
export class Timer {
  #inARow = 1;

  constructor(readonly step: Step) {}

  /** Runs the step until it is compiled and cached, and finds out how many make a sample. */
  async warmUp(): Promise<void> {
    const begin = performance.now();
    let fastest = Number.POSITIVE_INFINITY;
    for (let runs = 0; runs < 2 || (performance.now() - begin < WARM_UP_MS && runs < 1000); runs++) {
      fastest = Math.min(fastest, await this.#sample(1));
    }
    this.#inARow = Math.ceil(SHORTEST_SAMPLE_MS / fastest);
  }

  /** Milliseconds a step, in samples over `seconds`; at least one. */
  async round(seconds: number): Promise<number[]> {
    const samples: number[] = [];
    const end = performance.now() + 1000 * seconds;
    do samples.push(await this.#sample(this.#inARow));
    while (performance.now() < end);
    return samples;
  }

  async #sample(steps: number): Promise<number> {
    const begin = performance.now();
    for (let i = 0; i < steps; i++) {
      const running = this.step();
      if (running !== undefined) await running;
    }
    await fence();
    return (performance.now() - begin) / steps;
  }
}
