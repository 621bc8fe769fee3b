import { checkInteger, checkNumber } from '../check.js';
import type { OptionNames } from '../check-options.js';
import type { Optimizer } from './optimizer.js';

/** The learning rate of each step, counted from 0. */
export interface Schedule {
  (step: number): number;
  /** The same for a parameter group whose highest rate is another. Without it, a group's rate follows in proportion. */
  of?(lr: number): Schedule;
  /** Hears how an evaluation went; for schedules that go by that. */
  observe?(metric: number): void;
  /** What a schedule that goes by more than the step has to remember, as JSON. */
  state?(): ScheduleState;
  /** Puts back what `state` gave. */
  load?(state: ScheduleState): void;
}

/** What a schedule remembers. */
export type ScheduleState = Readonly<Record<string, number | null>>;

/** What every schedule begins with. */
export interface WarmupOptions {
  /** The highest learning rate. */
  lr: number;
  /** Steps in which the rate grows linearly to lr; the rest of the schedule comes after them. Default 0. */
  warmupSteps?: number;
  /** The rate of the very first of these, as in timm. Default: they begin at lr / warmupSteps, so that none is lost. */
  warmupLr?: number;
}

/** @internal The names of those options. */
export const WARMUP: OptionNames<WarmupOptions> = { lr: true, warmupSteps: true, warmupLr: true };

/** @internal The rate `step` steps after the warmup, for a highest one of `lr`. */
export type Decay = (step: number, lr: number) => number;

/** @internal A schedule of its warmup and what comes after. Options but those of the warmup are the caller's to check. */
export function schedule(where: string, options: WarmupOptions, decay: Decay): Schedule {
  const lr = checkNumber(options?.lr, `${where} lr`, 0);
  const warmup = checkInteger(options.warmupSteps ?? 0, `${where} warmupSteps`);
  const first = options.warmupLr === undefined ? undefined : checkNumber(options.warmupLr, `${where} warmupLr`, 0);
  const rate = (step: number): number => {
    checkNumber(step, `the step of ${where}`, 0);
    if (step >= warmup) return decay(step - warmup, lr);
    return first === undefined ? (lr * (step + 1)) / warmup : first + (step * (lr - first)) / warmup;
  };
  return Object.assign(rate, { of: (other: number) => schedule(where, { ...options, lr: other }, decay) });
}

/** @internal Sets an optimizer's rates, those of its groups too, to a schedule's of a step. */
export function setRates(optimizer: Optimizer, rates: Schedule, step: number): void {
  optimizer.lr = rates(step);
  if (rates.of === undefined) return;
  for (const group of optimizer.groups) if (group.hasOwnLr) group.lr = rates.of(group.initialLr)(step);
}
