import { wide } from '../ops/wide.js';
import { clipGradValue, gradientNorm } from '../optim/clip.js';
import { autocast } from '../precision.js';
import type { Tensor } from '../tensor.js';
import type { FedTraining } from './data-plan.js';
import type { ModelEma } from './ema.js';
import { isOwnLoss, type PreparedLoss } from './losses/loss.js';
import { lossOf } from './prepare-loss.js';
import { shapeOf } from './training-data.js';
import { TrainingStep } from './training-step.js';

/** What stands beside a step from beginning to end. */
interface StepKeepers {
  ema: ModelEma | undefined;
  /** See `TrainingStepOptions`. */
  guard: Tensor | undefined;
}

/** The step of a training: what is computed, and in which order. */
export function makeStep(options: FedTraining, prepared: PreparedLoss, { ema, guard }: StepKeepers): TrainingStep {
  const { model, optimizer, capture, clipGradNorm, clipGradValue: limit } = options;
  const { precision = 'fp32', gradAccumSteps = 1, optimizerInBackward = false } = options;
  const own = new Set(optimizer.parameters);
  const updateInBackward = (parameters: readonly Tensor[]): void => {
    const trained = parameters.filter((parameter) => own.has(parameter));
    if (limit !== undefined) clipGradValue(trained, limit);
    optimizer.apply(undefined, guard, new Set(trained));
    for (const parameter of trained) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  };
  return new TrainingStep({
    model,
    optimizer,
    imageShape: shapeOf(options.train, 'Trainer train'),
    capture,
    ownLoss: isOwnLoss(lossOf(options)),
    accumulates: gradAccumSteps > 1,
    forward: (images) => {
      const forward = (): readonly [Tensor, ...Tensor[]] =>
        prepared.forward?.(model, images) ?? [model.forward(images)];
      const [logits, ...others] = autocast(precision, forward);
      return [wide(logits), ...others.map(wide)];
    },
    loss: (input) => prepared.compute(input),
    advance: () => {
      optimizer.advance();
      ema?.advance();
    },
    update: () => {
      if (limit !== undefined) clipGradValue(optimizer.parameters, limit);
      const scale = clipGradNorm === undefined ? undefined : gradientNorm(optimizer.parameters, clipGradNorm).scale;
      optimizer.apply(scale, guard);
      ema?.apply(guard);
    },
    updateInBackward: optimizerInBackward ? updateInBackward : undefined,
    guard,
  });
}
