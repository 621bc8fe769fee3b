import { expected, Text } from '../check.js';
import type { TrainFlags } from './train-settings.js';
import { UsageError } from './usage-error.js';

export const SCHEDULES = ['cosine', 'linear', 'constant', 'onecycle', 'step', 'multistep', 'poly', 'plateau'] as const;

export type ScheduleName = (typeof SCHEDULES)[number];

/** What a schedule of the learning rate goes by, besides its name and the warmup; those of other schedules are there too. */
export interface Scheduling {
  /** The rate at the end of `cosine`, `linear` and `poly`, and the least of `plateau`. */
  readonly minLr: number;
  /** Times that `cosine` falls. */
  readonly cycles: number;
  /** What is left of the way down is taken to this power by `poly`. */
  readonly power: number;
  /** Epochs from one cut to the next, by `step`. */
  readonly decayEpochs: number;
  /** Epochs at whose end the rate is cut, by `multistep`. */
  readonly decayMilestones: readonly number[];
  /** What a cut multiplies the rate by: `step`, `multistep` and `plateau`. */
  readonly decayRate: number;
  /** Epochs without a better test loss that `plateau` puts up with. */
  readonly patienceEpochs: number;
}

/** The schedules that each flag is of. */
const OF: readonly (readonly [flag: string, name: keyof TrainFlags, schedules: readonly ScheduleName[]])[] = [
  ['--min-lr', 'minLr', ['cosine', 'linear', 'poly', 'plateau']],
  ['--lr-cycle-limit', 'lrCycleLimit', ['cosine']],
  ['--sched-power', 'schedPower', ['poly']],
  ['--decay-epochs', 'decayEpochs', ['step']],
  ['--decay-milestones', 'decayMilestones', ['multistep']],
  ['--decay-rate', 'decayRate', ['step', 'multistep', 'plateau']],
  ['--patience-epochs', 'patienceEpochs', ['plateau']],
];

/** Throws where flags of one schedule are given with another, or its own are missing. */
export function checkScheduleFlags(flags: TrainFlags): void {
  const { sched = 'cosine' } = flags;
  for (const [flag, name, schedules] of OF) {
    if (flags[name] === undefined || schedules.includes(sched)) continue;
    const advice = `The schedule is ${sched}, which knows none.`;
    throw new UsageError(expected(`--sched ${schedules.join(' or ')}`, flag, flags[name], advice));
  }
  if (sched === 'multistep' && flags.decayMilestones === undefined) {
    const advice = 'Name the epochs at whose end the rate is cut, such as 30,60.';
    throw new UsageError(expected('--decay-milestones', '--sched multistep', new Text('none'), advice));
  }
}

/** Throws where flags ask for epochs beyond the end of the training: a warmup that never ends, a cut that never comes. */
function checkScheduledEpochs(flags: TrainFlags, epochs: number): void {
  const training = `the training, ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
  const { warmupEpochs = 0, decayEpochs = 0 } = flags;
  if (warmupEpochs > epochs) throw new UsageError(expected(`at most ${training},`, '--warmup-epochs', warmupEpochs));
  if (decayEpochs >= epochs && decayEpochs > 0) {
    throw new UsageError(expected(`less than ${training},`, '--decay-epochs', decayEpochs));
  }
}

/**
 * What the flags say, and timm's defaults; but `step` cuts at each third of the training, where timm's waits for 90 epochs.
 *
 * @throws UsageError for epochs beyond the end of the training
 */
export function scheduling(flags: TrainFlags, epochs: number): Scheduling {
  checkScheduledEpochs(flags, epochs);
  return {
    minLr: flags.minLr ?? 0,
    cycles: flags.lrCycleLimit ?? 1,
    power: flags.schedPower ?? 1,
    decayEpochs: flags.decayEpochs ?? Math.ceil(epochs / 3),
    decayMilestones: flags.decayMilestones ?? [],
    decayRate: flags.decayRate ?? 0.1,
    patienceEpochs: flags.patienceEpochs ?? 10,
  };
}
