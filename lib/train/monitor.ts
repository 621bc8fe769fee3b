import { checkInteger, checkNumber, checkOneOf, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Scores } from './fit-state.js';

/** Options of the Trainer's `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** Evaluations without improvement that are put up with. Default 5. */
  patience?: number;
  /** How much better counts as better. Default 0. */
  minDelta?: number;
  /** What is watched, among `EpochRecord`'s numbers and metrics. Default `testLoss`, or `trainLoss` without a test set. */
  monitor?: string;
  /** Whether less of that is better, or more. Default: less of a loss, more of all else. */
  mode?: 'min' | 'max';
}

const NAMES: OptionNames<EarlyStoppingOptions> = { patience: true, minDelta: true, monitor: true, mode: true };

/** @internal Throws for what is unknown or out of range. */
export function checkEarlyStopping(options: EarlyStoppingOptions, where: string): EarlyStoppingOptions {
  checkOptions(options, NAMES, where);
  checkInteger(options.patience ?? 5, `${where} patience`);
  checkNumber(options.minDelta ?? 0, `${where} minDelta`, 0);
  if (options.monitor !== undefined && typeof options.monitor !== 'string') {
    throw expected('a name', `${where} monitor`, options.monitor);
  }
  if (options.mode !== undefined) checkOneOf(options.mode, `${where} mode`, ['min', 'max']);
  return options;
}

/** A number that is watched: the best is the least of it, or the most. */
export class Monitor {
  readonly #name: string;
  readonly #sign: 1 | -1;

  constructor(name: string, mode: 'min' | 'max' | undefined) {
    this.#name = name;
    this.#sign = (mode ?? (/loss$/i.test(name) ? 'min' : 'max')) === 'min' ? 1 : -1;
  }

  isIn(scores: Scores): boolean {
    return scores[this.#name] !== undefined;
  }

  /** @throws TypeError where there is no such number */
  valueIn(scores: Scores): number {
    const value = scores[this.#name];
    if (value !== undefined) return value;
    throw expected(`one of ${Object.keys(scores).join(', ')}`, 'Trainer monitor', new Text(this.#name));
  }

  /** Whether a value is better than the best so far, by more than `delta`. NaN never is. */
  isBetter(value: number, best: number | undefined, delta = 0): boolean {
    if (best === undefined || Number.isNaN(best)) return !Number.isNaN(value);
    return this.#sign * (best - value) > delta;
  }
}
