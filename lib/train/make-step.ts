import { clipGradValue, gradientNorm } from '../optim/clip.js';
import { autocast } from '../precision.js';
import type { ModelEma } from './ema.js';
import { crossEntropy } from './losses/cross-entropy.js';
import { isOwnLoss, type LossFunction, type PreparedLoss } from './losses/loss.js';
import type { TrainerOptions } from './trainer-options.js';
import { factsOf } from './training-data.js';
import { TrainingStep } from './training-step.js';

/** The step of a training: what is computed, and in which order. */
export function makeStep(options: TrainerOptions, ema: ModelEma | undefined): TrainingStep {
  const { model, optimizer, capture, clipGradNorm, clipGradValue: limit } = options;
  const { labelSmoothing = 0, precision = 'fp32', gradAccumSteps = 1 } = options;
  const { loss = crossEntropy({ labelSmoothing }) } = options;
  const train = factsOf(options.train, 'Trainer train');
  const prepared = typeof loss === 'function' ? ofFunction(loss) : loss.prepare(train);
  return new TrainingStep({
    model,
    optimizer,
    imageShape: train.shape,
    capture,
    ownLoss: isOwnLoss(loss),
    accumulates: gradAccumSteps > 1,
    forward: (images) => autocast(precision, () => prepared.forward?.(model, images) ?? [model.forward(images)]),
    loss: (input) => prepared.compute(input),
    disposeLoss: () => prepared.dispose(),
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

function ofFunction(loss: LossFunction): PreparedLoss {
  return { compute: ({ logits, labels, images }) => loss(logits, labels, images), dispose: () => undefined };
}
