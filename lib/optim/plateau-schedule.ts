import { checkInteger, checkNumber, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type Schedule, type ScheduleState, schedule, WARMUP, type WarmupOptions } from './schedule.js';

/** Options of `plateauSchedule`. */
export interface PlateauScheduleOptions extends WarmupOptions {
  /** Whether the metric is better where it is less, or more. Default `'min'`: it is a loss. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by. Default 0.1. */
  factor?: number;
  /** Evaluations without improvement that are put up with. Default 10. */
  patience?: number;
  /** How much better counts as better. Default 1e-4. */
  threshold?: number;
  /** Whether that is a share of the best so far, or an amount. Default `'rel'`. */
  thresholdMode?: 'rel' | 'abs';
  /** Evaluations after a cut in which none is counted. Default 0. */
  cooldown?: number;
  /** Default 0. */
  minLr?: number;
  /** A cut of less than this is not made. Default 1e-8. */
  eps?: number;
}

const OPTIONS: OptionNames<PlateauScheduleOptions> = {
  ...WARMUP,
  mode: true,
  factor: true,
  patience: true,
  threshold: true,
  thresholdMode: true,
  cooldown: true,
  minLr: true,
  eps: true,
};

/**
 * A cut of the rate whenever the evaluations have not become better for a while. The Trainer tells it of each; in a loop
 * of your own, call `observe`.
 *
 * @throws TypeError for options out of range
 * @see `torch.optim.lr_scheduler.ReduceLROnPlateau`
 */
export function plateauSchedule(
  options: PlateauScheduleOptions,
): Schedule & Required<Pick<Schedule, 'observe' | 'state' | 'load'>> {
  const where = 'plateauSchedule';
  checkOptions(options, OPTIONS, where);
  if (options === undefined) throw expected('an object of options', where, options);
  const factor = checkNumber(options.factor ?? 0.1, `${where} factor`, 0);
  if (factor >= 1) throw expected('a number below 1', `${where} factor`, factor);
  const least = checkNumber(options.minLr ?? 0, `${where} minLr`, 0);
  const eps = checkNumber(options.eps ?? 1e-8, `${where} eps`, 0);
  const plateau = new Plateau(options, where);
  const rates = schedule(where, options, (_, highest) => {
    let lr = highest;
    for (let i = 0; i < plateau.cuts; i++) {
      const lower = Math.max(lr * factor, least);
      if (lr - lower > eps) lr = lower;
    }
    return lr;
  });
  return Object.assign(rates, {
    of: rates.of as (lr: number) => Schedule, // `schedule` gives one; it goes by the same plateau
    observe: (metric: number) => plateau.observe(metric),
    state: () => plateau.state(),
    load: (state: ScheduleState) => plateau.load(state),
  });
}

/** The best so far, and how long ago that was. */
class Plateau {
  cuts = 0;
  #best: number | null = null;
  #bad = 0;
  #cooldownLeft = 0;
  readonly #sign: 1 | -1;
  readonly #threshold: number;
  readonly #isShare: boolean;
  readonly #patience: number;
  readonly #cooldown: number;

  constructor(options: PlateauScheduleOptions, where: string) {
    this.#sign = checkOneOf(options.mode ?? 'min', `${where} mode`, ['min', 'max']) === 'min' ? 1 : -1;
    this.#threshold = checkNumber(options.threshold ?? 1e-4, `${where} threshold`, 0);
    this.#isShare = checkOneOf(options.thresholdMode ?? 'rel', `${where} thresholdMode`, ['rel', 'abs']) === 'rel';
    this.#patience = checkInteger(options.patience ?? 10, `${where} patience`);
    this.#cooldown = checkInteger(options.cooldown ?? 0, `${where} cooldown`);
  }

  observe(metric: number): void {
    if (typeof metric !== 'number') throw expected('a number', 'plateauSchedule observe()', metric);
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#bad = 0;
    } else this.#bad++;
    if (this.#cooldownLeft > 0) {
      this.#cooldownLeft--;
      this.#bad = 0;
    }
    if (this.#bad <= this.#patience) return;
    this.cuts++;
    this.#cooldownLeft = this.#cooldown;
    this.#bad = 0;
  }

  state(): ScheduleState {
    return { best: this.#best, bad: this.#bad, cooldownLeft: this.#cooldownLeft, cuts: this.cuts };
  }

  load(state: ScheduleState): void {
    const { best = null, bad, cooldownLeft, cuts } = state;
    this.cuts = checkInteger(cuts, 'the cuts of plateauSchedule');
    this.#bad = checkInteger(bad, 'the bad evaluations of plateauSchedule');
    this.#cooldownLeft = checkInteger(cooldownLeft, 'the cooldown of plateauSchedule');
    this.#best = best === null ? null : checkNumber(best, 'the best of plateauSchedule');
  }

  #isBetter(metric: number): boolean {
    if (this.#best === null) return !Number.isNaN(metric);
    const bound = this.#isShare
      ? this.#best * (1 - this.#sign * this.#threshold)
      : this.#best - this.#sign * this.#threshold;
    return this.#sign === 1 ? metric < bound : metric > bound;
  }
}
