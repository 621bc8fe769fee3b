import { startTrace, stopTrace, writeTrace } from './trace.js';

// The first two steps run op by op and are recorded; a few more and caches are warm.
const TRACED_STEP = 5;

/** The trace of one step of a training's first epoch, where one is wanted. */
export class StepTrace {
  readonly #path: string | undefined;
  #isTracing = false;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Begins, if this is the step, with no other on its way. */
  async begin(
    { step, epoch, stepsPerEpoch }: { step: number; epoch: number; stepsPerEpoch: number },
    settle: () => Promise<void>,
  ): Promise<void> {
    if (this.#path === undefined || epoch > 0 || step !== Math.min(TRACED_STEP, stepsPerEpoch - 1)) return;
    await settle();
    startTrace();
    this.#isTracing = true;
  }

  /** Writes what was traced, if anything was, once the step is done. */
  async end(settle: () => Promise<void>): Promise<void> {
    if (!this.#isTracing || this.#path === undefined) return;
    await settle();
    this.#isTracing = false;
    await writeTrace(this.#path, stopTrace());
  }

  /** Drops the trace of a step that failed. */
  drop(): void {
    if (this.#isTracing) stopTrace();
    this.#isTracing = false;
  }
}
