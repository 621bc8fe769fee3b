import type { DataLoader } from '../data/loader.js';
import type { Dataset } from '../data/sets/dataset.js';
import type { FedTraining } from './data-plan.js';
import type { ModelEma } from './ema.js';
import { firstNonFinite, type Origin } from './first-non-finite.js';
import type { FitState } from './fit-state.js';
import type { Pending } from './in-flight.js';
import type { PreparedLoss } from './losses/loss.js';
import { gradientNorms, type LossSite, NonFiniteLossError } from './non-finite.js';
import { batchesOf, disposeImages, shapeOf } from './training-data.js';

/** The training in which it happened. */
export interface StoppedTraining {
  readonly options: FedTraining;
  readonly loader: DataLoader | DataLoader<Dataset>;
  readonly loss: PreparedLoss;
  readonly ema: ModelEma | undefined;
  readonly state: FitState;
}

/**
 * The error for a loss that is not finite. The stream left that step and those after it out, so that the weights are
 * still those it was computed with; the batch is made and run again with them, to see where it began.
 */
export async function nonFiniteError(
  training: StoppedTraining,
  pending: Pending,
  site: LossSite,
): Promise<NonFiniteLossError> {
  const { options, ema, state } = training;
  const leftOut = state.globalStep - pending.globalStep;
  options.optimizer.steps -= leftOut;
  if (ema !== undefined) ema.updates -= leftOut;
  const { layer, text, gradients } = await runAgain(training, pending);
  return new NonFiniteLossError(site, gradients, layer, text);
}

async function runAgain({ options, loader, loss, state }: StoppedTraining, pending: Pending): Promise<Origin> {
  const { model, optimizer, precision = 'fp32' } = options;
  const shape = shapeOf(options.train, 'Trainer train');
  try {
    for await (const batch of batchesOf(loader, state.epoch, pending.batch)) {
      try {
        return await firstNonFinite({ model, optimizer, loss, precision, shape }, batch);
      } finally {
        disposeImages(batch);
      }
    }
    throw new Error('The data set has no such batch any more.');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const gradients = await gradientNorms(model, optimizer);
    return { layer: undefined, text: `The batch could not be run again: ${reason}`, gradients };
  }
}
