import { checkOptions } from '../check-options.js';
import { type Dataset, isDataset } from '../data/sets/dataset.js';
import { nextId } from '../identity.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import type { FitResult } from './fit-result.js';
import type { Loss } from './losses/loss.js';
import { prepareLoss } from './prepare-loss.js';
import { runFit } from './run-fit.js';
import { checkTrainerOptions, type TrainerOptions } from './trainer-options.js';
import { factsOf, isLoader, type TrainingData } from './training-data.js';

/**
 * Trains a classifier on a data set: shuffled epochs, learning-rate schedule, clipping, accumulation, average of weights,
 * evaluation, early stopping, checkpoints. The event loop stays free; at most two steps are on their way.
 *
 * The gradients of the optimizer's parameters are the training's own: what another `backward` leaves in `grad` meanwhile
 * is dropped by the next step. A model in evaluation mode is put into training mode before each epoch; parts of it that
 * are in evaluation mode while it is not stay so.
 *
 * @throws TypeError for options that are missing, unknown or out of range, and for data sets whose parts do not agree
 * @example
 * const { history } = await new Trainer({ model, optimizer, train, test, batchSize: 64, epochs: 10 }).fit();
 */
export class Trainer {
  /** A number of its own, by which deep equality tells trainers apart. */
  readonly id = nextId();
  readonly #options: TrainerOptions;

  constructor(options: TrainerOptions) {
    this.#options = checkTrainerOptions(options);
    const { model, gradCheckpointing } = this.#options;
    if (gradCheckpointing !== undefined) model.setGradCheckpointing?.(gradCheckpointing);
  }

  /**
   * Trains to the end, or until the signal.
   *
   * @throws NonFiniteLossError when a loss is infinite or NaN; Error when another `fit` trains the model or the optimizer;
   *   StreamError when a step failed while it ran; TypeError for a label that has become no class, for checkpoints that
   *   another process writes and for one that does not fit; whatever a callback throws or rejects with
   */
  fit(): Promise<FitResult> {
    return runFit(this.#options);
  }

  /** See `evaluate`; in batches, in the precision and of the loss of the training. */
  evaluate(data: TrainingData | Dataset, options: Pick<EvaluateOptions, 'signal' | 'tta'> = {}): Promise<Evaluation> {
    checkOptions(options, { signal: true, tta: true }, 'Trainer.evaluate');
    const { model, batchSize, precision = 'fp32', metrics, train, loader } = this.#options;
    const loss: Loss = {
      name: 'as trained',
      prepare: () => prepareLoss(this.#options, factsOf(train, 'Trainer train')),
    };
    const isBare = isDataset(data) && !isLoader(data);
    const { preprocessing } = isBare ? (loader ?? {}) : {};
    const chosen = { ...options, batchSize, precision, loss };
    return evaluate(model, data, { ...chosen, ...(preprocessing && { preprocessing }), ...(metrics && { metrics }) });
  }
}
