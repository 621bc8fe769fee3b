import { checkOptions } from '../check-options.js';
import { nextId } from '../identity.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import { claim } from './exclusive.js';
import { Fit } from './fit.js';
import type { FitResult } from './fit-result.js';
import { checkTrainerOptions, type TrainerOptions } from './trainer-options.js';
import type { TrainingData } from './training-data.js';

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
  async fit(): Promise<FitResult> {
    const { model, optimizer } = this.#options;
    const release = claim(model, optimizer);
    try {
      return await new Fit(this.#options).run();
    } finally {
      release();
    }
  }

  /** See `evaluate`; in batches and in the precision of the training. */
  evaluate(data: TrainingData, options: Pick<EvaluateOptions, 'signal'> = {}): Promise<Evaluation> {
    checkOptions(options, { signal: true }, 'Trainer.evaluate');
    const { model, batchSize, precision = 'fp32', metrics } = this.#options;
    return evaluate(model, data, { ...options, batchSize, precision, ...(metrics && { metrics }) });
  }
}
