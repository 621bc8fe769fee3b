import { formatCount, formatDuration } from '../report/format.js';
import { CLEAR_LINE, isLive, type ProgressOutput, widthOf } from './progress.js';

const REDRAW_MS = 100;
// Where lines stay, few of them.
const LINE_MS = 30_000;

/** Shows how many of some things are done: a line drawn over and over on a terminal, a line now and then elsewhere. */
export class CountProgress {
  readonly #began: number;
  #shown: number;

  constructor(
    readonly output: ProgressOutput,
    readonly what: string,
    readonly now: () => number = Date.now,
  ) {
    this.#began = now();
    this.#shown = isLive(output) ? -Infinity : this.#began;
  }

  step(done: number, count: number): void {
    const now = this.now();
    const live = isLive(this.output);
    if (now - this.#shown < (live ? REDRAW_MS : LINE_MS)) return;
    this.#shown = now;
    const perSecond = done / Math.max(1e-3, (now - this.#began) / 1000);
    const left = formatDuration((count - done) / perSecond);
    const text = `${this.what} ${formatCount(done)}/${formatCount(count)}  ${formatCount(perSecond)}/s  ${left} left`;
    this.output.write(live ? CLEAR_LINE + text.slice(0, widthOf(this.output) - 1) : `${text}\n`);
  }

  /** Leaves the output at the start of an empty line. */
  end(): void {
    if (isLive(this.output)) this.output.write(CLEAR_LINE);
  }
}
