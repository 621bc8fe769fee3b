import { checkInteger, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type Schedule, schedule, WARMUP, type WarmupOptions } from './schedule.js';

/** Options of `linearSchedule`. */
export interface LinearScheduleOptions extends WarmupOptions {
  /** Steps of the optimizer in the whole training. */
  totalSteps: number;
  /** The rate at the end. Default 0. */
  minLr?: number;
}

/** Options of `polySchedule`. */
export interface PolyScheduleOptions extends LinearScheduleOptions {
  /** Of what is left of the way down: 1 is a straight line, more falls fast at first. Default 1. */
  power?: number;
}

const LINEAR: OptionNames<LinearScheduleOptions> = { ...WARMUP, totalSteps: true, minLr: true };
const POLY: OptionNames<PolyScheduleOptions> = { ...LINEAR, power: true };

/**
 * Linear warmup, then straight down.
 *
 * @throws TypeError for options out of range
 * @see `torch.optim.lr_scheduler.LinearLR`; Transformers' `linear`
 */
export function linearSchedule(options: LinearScheduleOptions): Schedule {
  checkOptions(options, LINEAR, 'linearSchedule');
  return falling('linearSchedule', options);
}

/**
 * Linear warmup, then down as a power of what is left.
 *
 * @throws TypeError for options out of range
 * @see `torch.optim.lr_scheduler.PolynomialLR`; timm's `PolyLRScheduler`
 */
export function polySchedule(options: PolyScheduleOptions): Schedule {
  checkOptions(options, POLY, 'polySchedule');
  return falling('polySchedule', options);
}

function falling(where: string, options: PolyScheduleOptions): Schedule {
  const lr = checkNumber(options?.lr, `${where} lr`, 0);
  const total = checkInteger(options.totalSteps, `${where} totalSteps`, 1);
  const warmup = checkInteger(options.warmupSteps ?? 0, `${where} warmupSteps`, 0, total);
  const least = checkNumber(options.minLr ?? 0, `${where} minLr`, 0, lr);
  const power = checkNumber(options.power ?? 1, `${where} power`, 0);
  return schedule(where, options, (step, highest) => {
    const left = 1 - Math.min(1, step / Math.max(1, total - warmup));
    return least + (highest - least) * left ** power;
  });
}
