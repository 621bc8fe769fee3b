import { checkBoolean, checkFunction, checkInteger, checkNumber, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkDataset } from '../data/check-dataset.js';
import type { ArrayDataset } from '../data/dataset.js';
import { Optimizer } from '../optim/optimizer.js';
import type { Schedule } from '../optim/schedule.js';
import { checkPrecision, type Precision } from '../precision.js';
import { type Classifier, checkClassifier } from './evaluate.js';

/** One epoch, done. Losses are means over samples, accuracies shares. */
export interface EpochRecord {
  epoch: number;
  trainLoss: number;
  trainAccuracy: number;
  /** Not there without a test set, or where the signal came before all of it was seen. */
  testLoss?: number;
  testAccuracy?: number;
  /** Of the epoch's last step. */
  learningRate: number;
  seconds: number;
  imagesPerSecond: number;
}

/** How far training has come; loss and accuracy are the epoch's so far. */
export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
  stepsPerEpoch: number;
  loss: number;
  accuracy: number;
  imagesPerSecond: number;
  secondsLeft: number;
}

/** Options of `Trainer`. They are read when it is made; changing the object afterwards changes nothing. */
export interface TrainerOptions {
  model: Classifier;
  optimizer: Optimizer;
  /** The learning rate of each step. Default: the optimizer's own, throughout. */
  schedule?: Schedule;
  train: ArrayDataset;
  /** Evaluated after each epoch, in batches and in the precision of training. */
  test?: ArrayDataset;
  batchSize: number;
  epochs: number;
  /** Of the order of samples. Default 0. */
  seed?: number;
  /** The L2 norm that the gradient is cut to. Default: not cut. */
  clipGradNorm?: number;
  /** Default 0. */
  labelSmoothing?: number;
  /** Whether a ViT's blocks are computed again in backward instead of kept; see `setGradCheckpointing`. Default false. */
  checkpoint?: boolean;
  /** Of the factors of linear layers' products; see `autocast`. Default `'fp32'`. */
  precision?: Precision;
  /**
   * Whether a step is recorded once and then replayed. What JavaScript decides holds from the next step on all the same:
   * where a field of the model, its structure, what is frozen or the optimizer has changed, a step is recorded anew. The
   * results are the same bits.
   *
   * Default: for a model of the library's own code. A `forward` of your own may go by a variable outside the model or by
   * `Math.random()`, which cannot be seen; with `true` you say that it goes by the model's public fields, or changes
   * between epochs only.
   */
  capture?: boolean;
  /** What to do about a loss that is infinite or NaN: end `fit` with an error, or warn and go on. Default `'stop'`. */
  onNonFinite?: 'stop' | 'warn';
  /** A file to write one step's commands to, per thread, for Perfetto or Chrome's viewer. */
  trace?: string;
  /** After each step. Awaited, as `onEpoch`: the next step but one begins after that, and a rejection ends `fit`. */
  onProgress?: (progress: Progress) => unknown;
  /** After each epoch, with no step on its way. Awaited; a rejection ends `fit`. */
  onEpoch?: (record: EpochRecord) => unknown;
  /** Ends training after the step under way, or evaluation after the batch under way. */
  signal?: AbortSignal;
}

const NAMES: OptionNames<TrainerOptions> = {
  model: true,
  optimizer: true,
  schedule: true,
  train: true,
  test: true,
  batchSize: true,
  epochs: true,
  seed: true,
  clipGradNorm: true,
  labelSmoothing: true,
  checkpoint: true,
  precision: true,
  capture: true,
  onNonFinite: true,
  trace: true,
  onProgress: true,
  onEpoch: true,
  signal: true,
};

/**
 * Throws for what is missing, unknown, of another type or out of range.
 *
 * @returns a copy, with data sets as they are declared
 */
export function checkTrainerOptions(options: TrainerOptions): TrainerOptions {
  if (options === undefined) throw expected('options', 'Trainer', options);
  checkOptions(options, NAMES, 'Trainer');
  checkClassifier(options.model, 'Trainer model');
  checkOptimizer(options);
  for (const name of ['schedule', 'onProgress', 'onEpoch'] as const) {
    const value = options[name];
    if (value !== undefined) checkFunction(value, `Trainer ${name}`);
  }
  for (const name of ['checkpoint', 'capture'] as const) {
    const value = options[name];
    if (value !== undefined) checkBoolean(value, `Trainer ${name}`);
  }
  checkInteger(options.batchSize, 'Trainer batchSize', 1);
  checkInteger(options.epochs, 'Trainer epochs', 1);
  checkInteger(options.seed ?? 0, 'Trainer seed');
  if (options.clipGradNorm !== undefined) checkNumber(options.clipGradNorm, 'Trainer clipGradNorm', 0);
  checkNumber(options.labelSmoothing ?? 0, 'Trainer labelSmoothing', 0, 1);
  checkPrecision(options.precision ?? 'fp32', 'Trainer');
  checkOneOf(options.onNonFinite ?? 'stop', 'Trainer onNonFinite', ['stop', 'warn']);
  const { trace, signal, model, checkpoint } = options;
  if (trace !== undefined && typeof trace !== 'string') throw expected('a path', 'Trainer trace', trace);
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw expected('an AbortSignal', 'Trainer signal', signal);
  }
  if (checkpoint !== undefined && model.setGradCheckpointing === undefined) {
    throw expected('a model with setGradCheckpointing', 'Trainer checkpoint', model);
  }
  const train = checkDataset(options.train, 'Trainer train');
  if (options.test === undefined) return { ...options, train };
  return { ...options, train, test: checkDataset(options.test, 'Trainer test') };
}

function checkOptimizer({ model, optimizer }: TrainerOptions): void {
  if (!(optimizer instanceof Optimizer)) throw expected('an optimizer', 'Trainer optimizer', optimizer);
  const own = new Set(model.parameters());
  if (optimizer.parameters.some((parameter) => own.has(parameter))) return;
  throw expected("an optimizer of the model's parameters", 'Trainer optimizer', optimizer, 'It has none of them.');
}
