import { checkBoolean, checkInteger, checkNumber, checkOneOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Schedule } from './schedule.js';

/** Options of `oneCycleSchedule`. */
export interface OneCycleScheduleOptions {
  /** The highest learning rate. */
  lr: number;
  /** Steps of the optimizer in the whole training. */
  totalSteps: number;
  /** The share of steps in which the rate rises. Default 0.3. */
  pctStart?: number;
  /** Default `'cos'`. */
  annealStrategy?: 'cos' | 'linear';
  /** The first rate is lr / divFactor. Default 25. */
  divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default 10,000. */
  finalDivFactor?: number;
  /** Whether the rate falls back to the first in as many steps as it rose, and to the last after that. Default false. */
  threePhase?: boolean;
}

const OPTIONS: OptionNames<OneCycleScheduleOptions> = {
  lr: true,
  totalSteps: true,
  pctStart: true,
  annealStrategy: true,
  divFactor: true,
  finalDivFactor: true,
  threePhase: true,
};

/**
 * Up to the highest rate and down to next to nothing, once. Momentum stays as it is: PyTorch's with
 * `cycle_momentum=False`.
 *
 * @throws TypeError for options out of range
 * @see Smith and Topin 2018
 * @see `torch.optim.lr_scheduler.OneCycleLR`
 */
export function oneCycleSchedule(options: OneCycleScheduleOptions): Schedule {
  const where = 'oneCycleSchedule';
  checkOptions(options, OPTIONS, where);
  const lr = checkNumber(options?.lr, `${where} lr`, 0);
  const total = checkInteger(options.totalSteps, `${where} totalSteps`, 1);
  const rise = checkNumber(options.pctStart ?? 0.3, `${where} pctStart`, 0, 1) * total - 1;
  const strategy = checkOneOf(options.annealStrategy ?? 'cos', `${where} annealStrategy`, ['cos', 'linear']);
  const first = lr / checkNumber(options.divFactor ?? 25, `${where} divFactor`, 1);
  const last = first / checkNumber(options.finalDivFactor ?? 1e4, `${where} finalDivFactor`, 1);
  const phases = checkBoolean(options.threePhase ?? false, `${where} threePhase`)
    ? [[rise, first, lr] as const, [2 * rise, lr, first] as const, [total - 1, first, last] as const]
    : [[rise, first, lr] as const, [total - 1, lr, last] as const];
  const rate = (step: number): number => {
    checkNumber(step, `the step of ${where}`, 0);
    let begin = 0;
    for (const [end, from, to] of phases) {
      if (step > end && end !== total - 1) {
        begin = end;
        continue;
      }
      const done = end > begin ? Math.min(1, (step - begin) / (end - begin)) : 1;
      return strategy === 'linear'
        ? from + (to - from) * done
        : to + ((from - to) / 2) * (Math.cos(Math.PI * done) + 1);
    }
    return last;
  };
  return Object.assign(rate, { of: (other: number) => oneCycleSchedule({ ...options, lr: other }) });
}
