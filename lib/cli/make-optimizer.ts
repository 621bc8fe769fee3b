import { expected } from '../check.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import * as optim from '../optim/index.js';
import type { TrainSettings } from './train-settings.js';
import { UsageError } from './usage-error.js';

/** The optimizer of these settings over a model's parameters; with layer decay, in groups by layer. */
export function makeOptimizer(settings: TrainSettings, model: PretrainedModel): optim.Optimizer {
  const { optimizer, lr, momentum, weightDecay, layerDecay } = settings;
  const parameters =
    layerDecay === null ? model.parameters() : optim.layerDecayGroups(model, { weightDecay, layerDecay });
  switch (optimizer) {
    case 'sgd':
      return new optim.SGD(parameters, { lr, momentum, weightDecay });
    case 'adam':
      return new optim.Adam(parameters, { lr, weightDecay });
    case 'adamw':
      return new optim.AdamW(parameters, { lr, weightDecay });
    case 'lamb':
      return new optim.Lamb(parameters, { lr, weightDecay });
    case 'lion':
      return new optim.Lion(parameters, { lr, weightDecay });
  }
}

/**
 * The learning rate of each step of a training on so many images.
 *
 * @throws UsageError where the flags' rates or epochs do not go together
 */
export function makeSchedule(settings: TrainSettings, images: number): optim.Schedule {
  const { lr, epochs, batch, gradAccumSteps, schedule, warmupEpochs, scheduling: own } = settings;
  const stepsPerEpoch = Math.ceil(Math.ceil(images / batch) / gradAccumSteps);
  const totalSteps = epochs * stepsPerEpoch;
  const warmupSteps = Math.min(totalSteps, Math.round(warmupEpochs * stepsPerEpoch));
  const { minLr, decayRate: gamma } = own;
  if (minLr > lr) throw new UsageError(expected(`at most the rate, ${lr}`, '--min-lr', minLr));
  switch (schedule) {
    case 'cosine':
      return optim.cosineSchedule({ lr, totalSteps, warmupSteps, minLr, cycles: own.cycles });
    case 'linear':
      return optim.linearSchedule({ lr, totalSteps, warmupSteps, minLr });
    case 'poly':
      return optim.polySchedule({ lr, totalSteps, warmupSteps, minLr, power: own.power });
    case 'constant':
      return optim.constantSchedule({ lr, warmupSteps });
    case 'onecycle':
      return optim.oneCycleSchedule({ lr, totalSteps, pctStart: Math.max(1, warmupSteps) / totalSteps });
    case 'step':
      return optim.stepSchedule({ lr, warmupSteps, stepSize: own.decayEpochs * stepsPerEpoch, gamma });
    case 'multistep':
      return optim.multiStepSchedule({
        lr,
        warmupSteps,
        milestones: milestones(settings, stepsPerEpoch, warmupSteps),
        gamma,
      });
    case 'plateau':
      return optim.plateauSchedule({ lr, warmupSteps, factor: gamma, patience: own.patienceEpochs, minLr });
  }
}

/** The steps after the warmup at which the rate is cut: the flag's epochs are counted from the beginning. */
function milestones({ epochs, scheduling: own }: TrainSettings, stepsPerEpoch: number, warmupSteps: number): number[] {
  return own.decayMilestones.map((epoch) => {
    const step = epoch * stepsPerEpoch - warmupSteps;
    if (step >= 1 && epoch < epochs) return step;
    const where = '--decay-milestones';
    throw new UsageError(expected(`epochs after the warmup and before the last, ${epochs}`, where, epoch));
  });
}
