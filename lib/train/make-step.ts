import { crossEntropy } from '../ops/cross-entropy.js';
import { clipGradValue, gradientNorm } from '../optim/clip.js';
import { autocast } from '../precision.js';
import type { ModelEma } from './ema.js';
import type { TrainerOptions } from './trainer-options.js';
import { TrainingStep } from './training-step.js';

/** The step of a training: what is computed, and in which order. */
export function makeStep(options: TrainerOptions, ema: ModelEma | undefined): TrainingStep {
  const { model, optimizer, train, capture, clipGradNorm, clipGradValue: limit } = options;
  const { labelSmoothing = 0, precision = 'fp32', gradAccumSteps = 1 } = options;
  return new TrainingStep({
    model,
    optimizer,
    imageShape: train.shape,
    capture,
    ownLoss: true,
    accumulates: gradAccumSteps > 1,
    forward: (images) => autocast(precision, () => model.forward(images)),
    loss: (logits, labels) => crossEntropy(logits, labels, { labelSmoothing }),
    advance: () => {
      optimizer.advance();
      ema?.advance();
    },
    update: () => {
      if (limit !== undefined) clipGradValue(optimizer.parameters, limit);
      const scale = clipGradNorm === undefined ? undefined : gradientNorm(optimizer.parameters, clipGradNorm).scale;
      optimizer.apply(scale);
      ema?.apply();
    },
  });
}
