import { losses } from '../index.js';
import type { TrainerOptions } from '../train/trainer-options.js';
import { classWeightsFor } from './class-weights-flag.js';
import { makeOptimizer } from './make-optimizer.js';
import type { TrainSettings } from './train-settings.js';
import type { Prepared } from './training-data.js';

/** What of a Trainer's options follows from the settings, whatever the training is for. */
export function trainerOptions(
  settings: TrainSettings,
  { model, train, classNames }: Pick<Prepared, 'model' | 'train' | 'classNames'>,
): TrainerOptions {
  const { batch, epochs, clip, labelSmoothing, classWeights, gradAccumSteps, seed, capture, precision } = settings;
  const weights = classWeights === null ? undefined : classWeightsFor(classWeights, classNames);
  return {
    model,
    optimizer: makeOptimizer(settings, model),
    train,
    batchSize: batch,
    epochs,
    seed,
    ...(clip > 0 && { clipGradNorm: clip }),
    ...(weights === undefined
      ? { labelSmoothing }
      : { loss: losses.crossEntropy({ labelSmoothing, classWeights: weights }) }),
    gradAccumSteps,
    capture,
    precision,
    gradCheckpointing: settings.gradCheckpointing,
    optimizerInBackward: settings.optimizerInBackward,
  };
}
