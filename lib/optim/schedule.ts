import { checkInteger, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';

/** The learning rate of each step, counted from 0. */
export type Schedule = (step: number) => number;

/** Options of `cosineSchedule`. */
export interface CosineScheduleOptions {
  /** The highest learning rate. */
  lr: number;
  totalSteps: number;
  /** Steps in which the rate grows linearly from lr / warmupSteps to lr. Default 0. */
  warmupSteps?: number;
  /** The rate at the end. Default 0. */
  minLr?: number;
}

const OPTIONS: OptionNames<CosineScheduleOptions> = { lr: true, totalSteps: true, warmupSteps: true, minLr: true };

/**
 * Linear warmup, then half a cosine down.
 *
 * @throws TypeError for options out of range
 * Source: Loshchilov and Hutter 2017; Goyal et al. 2017 (warmup).
 */
export function cosineSchedule(options: CosineScheduleOptions): Schedule {
  checkOptions(options, OPTIONS, 'cosineSchedule');
  const lr = checkNumber(options?.lr, 'cosineSchedule lr', 0);
  const total = checkInteger(options.totalSteps, 'cosineSchedule totalSteps', 1);
  const warmup = checkInteger(options.warmupSteps ?? 0, 'cosineSchedule warmupSteps', 0, total);
  const least = checkNumber(options.minLr ?? 0, 'cosineSchedule minLr', 0, lr);
  return (step) => {
    checkNumber(step, 'the step of cosineSchedule', 0);
    if (step < warmup) return (lr * (step + 1)) / warmup;
    const done = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
    return least + ((lr - least) * (1 + Math.cos(Math.PI * done))) / 2;
  };
}
