import { checkArray, checkInteger, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type Schedule, schedule, WARMUP, type WarmupOptions } from './schedule.js';

/** Options of `stepSchedule`. */
export interface StepScheduleOptions extends WarmupOptions {
  /** Steps from one cut to the next. */
  stepSize: number;
  /** What the rate is multiplied by. Default 0.1. */
  gamma?: number;
}

/** Options of `multiStepSchedule`. */
export interface MultiStepScheduleOptions extends WarmupOptions {
  /** The steps, after the warmup, at which the rate is cut. */
  milestones: readonly number[];
  /** What the rate is multiplied by. Default 0.1. */
  gamma?: number;
}

const STEP: OptionNames<StepScheduleOptions> = { ...WARMUP, stepSize: true, gamma: true };
const MULTI_STEP: OptionNames<MultiStepScheduleOptions> = { ...WARMUP, milestones: true, gamma: true };

/**
 * Linear warmup, then the same rate throughout.
 *
 * @throws TypeError for options out of range
 * @see Transformers' `get_constant_schedule_with_warmup`
 */
export function constantSchedule(options: WarmupOptions): Schedule {
  checkOptions(options, WARMUP, 'constantSchedule');
  return schedule('constantSchedule', options, (_, lr) => lr);
}

/**
 * Linear warmup, then a cut of the rate every `stepSize` steps.
 *
 * @throws TypeError for options out of range
 * @see `torch.optim.lr_scheduler.StepLR`
 */
export function stepSchedule(options: StepScheduleOptions): Schedule {
  checkOptions(options, STEP, 'stepSchedule');
  const size = checkInteger(options?.stepSize, 'stepSchedule stepSize', 1);
  const gamma = checkNumber(options.gamma ?? 0.1, 'stepSchedule gamma', 0);
  return schedule('stepSchedule', options, (step, lr) => lr * gamma ** Math.floor(step / size));
}

/**
 * Linear warmup, then a cut of the rate at each milestone.
 *
 * @throws TypeError for options out of range
 * @see `torch.optim.lr_scheduler.MultiStepLR`
 */
export function multiStepSchedule(options: MultiStepScheduleOptions): Schedule {
  checkOptions(options, MULTI_STEP, 'multiStepSchedule');
  const given = checkArray(options?.milestones, 'an array of steps', 'multiStepSchedule milestones');
  const milestones = given.map((step) => checkInteger(step, 'multiStepSchedule milestones'));
  const gamma = checkNumber(options.gamma ?? 0.1, 'multiStepSchedule gamma', 0);
  return schedule('multiStepSchedule', options, (step, lr) => {
    return lr * gamma ** milestones.filter((milestone) => step >= milestone).length;
  });
}
