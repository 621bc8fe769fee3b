import { checkInteger, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type Schedule, schedule, WARMUP, type WarmupOptions } from './schedule.js';

/** Options of `cosineSchedule`. */
export interface CosineScheduleOptions extends WarmupOptions {
  /** Steps of the optimizer in the whole training. */
  totalSteps: number;
  /** The rate at the end. Default 0. */
  minLr?: number;
  /** Times that it falls, from the highest rate each time. Default 1. */
  cycles?: number;
  /** How much longer each cycle is than the one before. Default 1. */
  cycleMul?: number;
  /** Factor of the highest rate from a cycle to the next. Default 1. */
  cycleDecay?: number;
}

const OPTIONS: OptionNames<CosineScheduleOptions> = {
  ...WARMUP,
  totalSteps: true,
  minLr: true,
  cycles: true,
  cycleMul: true,
  cycleDecay: true,
};

/**
 * Linear warmup, then half a cosine down, once or with restarts.
 *
 * @throws TypeError for options out of range
 * @see Loshchilov and Hutter 2017; Goyal et al. 2017 (warmup)
 * @see timm's `CosineLRScheduler` with `warmup_prefix`
 */
export function cosineSchedule(options: CosineScheduleOptions): Schedule {
  checkOptions(options, OPTIONS, 'cosineSchedule');
  const lr = checkNumber(options?.lr, 'cosineSchedule lr', 0);
  const total = checkInteger(options.totalSteps, 'cosineSchedule totalSteps', 1);
  const warmup = checkInteger(options.warmupSteps ?? 0, 'cosineSchedule warmupSteps', 0, total);
  const least = checkNumber(options.minLr ?? 0, 'cosineSchedule minLr', 0, lr);
  const cycles = checkInteger(options.cycles ?? 1, 'cosineSchedule cycles', 1);
  const longer = checkNumber(options.cycleMul ?? 1, 'cosineSchedule cycleMul', 1);
  const lower = checkNumber(options.cycleDecay ?? 1, 'cosineSchedule cycleDecay', 0, 1);
  const parts = Array.from({ length: cycles }, (_, i) => longer ** i).reduce((sum, part) => sum + part, 0);
  return schedule('cosineSchedule', options, (step, highest) => {
    let length = Math.max(1, total - warmup) / parts;
    let [begin, most] = [0, highest];
    for (let cycle = 1; cycle < cycles && step >= begin + length; cycle++) {
      begin += length;
      length *= longer;
      most *= lower;
    }
    const done = Math.min(1, (step - begin) / length);
    return least + ((most - least) * (1 + Math.cos(Math.PI * done))) / 2;
  });
}
