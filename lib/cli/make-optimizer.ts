import type { ViT } from '../nn/vit/vit.js';
import * as optim from '../optim/index.js';
import type { TrainSettings } from './train-settings.js';

/** The optimizer of these settings over a model's parameters; with layer decay, in groups by layer. */
export function makeOptimizer(settings: TrainSettings, model: ViT): optim.Optimizer {
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

/** The learning rate of each step of a training on so many images. */
export function makeSchedule(settings: TrainSettings, images: number): optim.Schedule {
  const { lr, epochs, batch, gradAccumSteps, schedule, warmupEpochs } = settings;
  const stepsPerEpoch = Math.ceil(Math.ceil(images / batch) / gradAccumSteps);
  const totalSteps = epochs * stepsPerEpoch;
  const warmupSteps = Math.min(totalSteps, Math.round(warmupEpochs * stepsPerEpoch));
  switch (schedule) {
    case 'cosine':
      return optim.cosineSchedule({ lr, totalSteps, warmupSteps });
    case 'linear':
      return optim.linearSchedule({ lr, totalSteps, warmupSteps });
    case 'constant':
      return optim.constantSchedule({ lr, warmupSteps });
    case 'onecycle':
      return optim.oneCycleSchedule({ lr, totalSteps, pctStart: Math.max(1, warmupSteps) / totalSteps });
  }
}
