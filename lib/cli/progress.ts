import { formatCount, formatDuration, formatPercent } from '../report/format.js';
import type { EpochRecord } from '../train/epoch-record.js';
import type { Progress } from '../train/trainer-options.js';

/** Where progress goes: stdout, or a test's double. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how training goes. */
export interface ProgressDisplay {
  step(progress: Progress): void;
  epoch(record: EpochRecord): void;
  /** Leaves the output at the start of an empty line. */
  end(): void;
}

/** One line drawn over and over on a terminal; lines that stay elsewhere. */
export function progressDisplay(output: ProgressOutput, epochs: number, now = Date.now): ProgressDisplay {
  return isLive(output) ? new LiveLine(output, now) : new PlainLines(output, epochs, now);
}

/** Whether a line may be drawn over and over: on a terminal that knows how to clear one. */
export function isLive({ isTTY }: ProgressOutput): boolean {
  return isTTY === true && process.env.TERM !== 'dumb';
}

/** Columns of the output: a terminal's own, or else what `COLUMNS` says, or 80. */
export function widthOf({ columns }: Pick<ProgressOutput, 'columns'>): number {
  const said = Number(process.env.COLUMNS);
  return columns ?? (Number.isInteger(said) && said > 0 ? said : 80);
}

// As often as an eye follows, and seldom enough that drawing costs nothing.
const REDRAW_MS = 100;
export const CLEAR_LINE = '\r\x1b[2K';

class LiveLine implements ProgressDisplay {
  #drawn = -Infinity;
  #testAccuracy: number | undefined;

  constructor(
    readonly output: ProgressOutput,
    readonly now: () => number,
  ) {}

  step(progress: Progress): void {
    if (this.now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = this.now();
    // The last column stays free: some terminals wrap as soon as it is written.
    this.output.write(CLEAR_LINE + liveText(progress, this.#testAccuracy, widthOf(this.output) - 1));
  }

  epoch(record: EpochRecord): void {
    this.#testAccuracy = record.testAccuracy;
  }

  end(): void {
    this.output.write(CLEAR_LINE);
  }
}

/** The accuracy at three lengths; nothing where labels are mixed, and no answer is right or wrong. */
function accuracyTexts(accuracy: number | undefined): [short: string[], middle: string[], full: string[]] {
  if (accuracy === undefined) return [[], [], []];
  const percent = formatPercent(accuracy);
  return [[percent], [`acc ${percent}`], [`accuracy ${percent}`]];
}

/** The most telling line that fits `width` columns. */
export function liveText(progress: Progress, testAccuracy: number | undefined, width: number): string {
  const { epoch, epochs, loss, accuracy, imagesPerSecond, secondsLeft } = progress;
  const left = formatDuration(secondsLeft);
  const speed = formatCount(imagesPerSecond);
  const test = testAccuracy === undefined ? [] : [`test ${formatPercent(testAccuracy)}`];
  const where = `epoch ${epoch + 1}/${epochs}`;
  const [short, acc, full] = accuracyTexts(accuracy);
  const variants = [
    [where, `loss ${loss.toFixed(4)}`, ...full, ...test, `${speed} images/s`, `${left} left`],
    [where, `loss ${loss.toFixed(3)}`, ...acc, `${speed} images/s`, `${left} left`],
    [where, `loss ${loss.toFixed(3)}`, ...acc, `${speed}/s`, `${left.replaceAll(' ', '')} left`],
    [`${epoch + 1}/${epochs}`, loss.toFixed(3), ...short, `${speed}/s`, left.replaceAll(' ', '')],
  ].map((parts) => parts.join('  '));
  const fitting = variants.find((text) => text.length <= width) ?? variants[variants.length - 1] ?? '';
  return fitting.slice(0, Math.max(0, width));
}

// Lines that stay: few enough to read, but never silence for longer than this.
const MOST_LINES = 20;
const SILENCE_MS = 30_000;

class PlainLines implements ProgressDisplay {
  readonly #every: number;
  readonly #epochs: number;
  #written: number;
  #secondsLeft = Number.NaN;

  constructor(
    readonly output: ProgressOutput,
    epochs: number,
    readonly now: () => number,
  ) {
    this.#epochs = epochs;
    this.#every = Math.ceil(epochs / MOST_LINES);
    this.#written = now();
  }

  step({ epoch, epochs, step, stepsPerEpoch, loss, accuracy, imagesPerSecond, secondsLeft }: Progress): void {
    this.#secondsLeft = secondsLeft;
    if (this.now() - this.#written < SILENCE_MS) return;
    this.#write([
      `epoch ${epoch + 1}/${epochs}, step ${step}/${stepsPerEpoch}: loss ${loss.toFixed(4)}`,
      ...accuracyTexts(accuracy)[2],
      `${formatCount(imagesPerSecond)} images/s`,
      `${formatDuration(secondsLeft)} left`,
    ]);
  }

  epoch({ epoch: index, trainLoss, trainAccuracy, testLoss, testAccuracy, imagesPerSecond }: EpochRecord): void {
    const epoch = index + 1;
    const isDue = epoch === 1 || epoch === this.#epochs || epoch % this.#every === 0;
    if (!isDue && this.now() - this.#written < SILENCE_MS) return;
    this.#write([
      `epoch ${epoch}/${this.#epochs}: loss ${trainLoss.toFixed(4)}`,
      ...accuracyTexts(trainAccuracy)[2],
      ...(testLoss === undefined ? [] : [`test loss ${testLoss.toFixed(4)}`]),
      ...(testAccuracy === undefined ? [] : [`test accuracy ${formatPercent(testAccuracy)}`]),
      `${formatCount(imagesPerSecond)} images/s`,
      ...(epoch === this.#epochs || Number.isNaN(this.#secondsLeft)
        ? []
        : [`${formatDuration(this.#secondsLeft)} left`]),
    ]);
  }

  end(): void {}

  #write(parts: readonly string[]): void {
    this.#written = this.now();
    this.output.write(`${parts.join(', ')}\n`);
  }
}
