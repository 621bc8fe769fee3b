import { checkBoolean, checkFunction, checkInteger, checkNumber, checkOneOf, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { FeedOptions } from '../data/feed/image-feed.js';
import type { Dataset } from '../data/sets/dataset.js';
import { Optimizer } from '../optim/optimizer.js';
import { isOwnOptimizer } from '../optim/own-optimizers.js';
import type { Schedule } from '../optim/schedule.js';
import { checkTrainingPrecision, type TrainingPrecision } from '../precision.js';
import { checkCallbacks, type TrainerCallback } from './callbacks.js';
import { type CheckpointOptions, checkCheckpoints } from './checkpoint-folder.js';
import { withCheckedData } from './data-plan.js';
import { checkEma, type EmaOptions, ModelEma } from './ema.js';
import type { EpochRecord } from './epoch-record.js';
import { type Classifier, checkClassifier } from './evaluate.js';
import { checkLoss, type Loss, type LossFunction } from './losses/loss.js';
import { checkMetrics, type MetricChoice } from './metric-set.js';
import { checkEarlyStopping, type EarlyStoppingOptions } from './monitor.js';
import type { TrainingData } from './training-data.js';

/** How far training has come; loss and accuracy are the epoch's so far. */
export interface Progress {
  /** From 0. */
  epoch: number;
  /** Epochs of the whole training. */
  epochs: number;
  /** Steps done in the epoch. */
  step: number;
  /** Steps of an epoch. */
  stepsPerEpoch: number;
  /** Mean over the epoch's samples so far. */
  loss: number;
  /** Not there where labels are mixed or several. */
  accuracy?: number;
  /** Over the epoch so far. */
  imagesPerSecond: number;
  /** Guessed from the pace so far. */
  secondsLeft: number;
}

/** Options of `Trainer`. They are read when it is made; changing the object afterwards changes nothing. */
export interface TrainerOptions {
  /** What is trained. */
  model: Classifier;
  /** What trains it. */
  optimizer: Optimizer;
  /** The learning rate of each step. Default: the optimizer's own, throughout. */
  schedule?: Schedule;
  /**
   * Arrays, a data set of images, or a `DataLoader` of one; that has a batch size, a seed and a shuffling of its own. Of a
   * data set, the training makes a loader, shuffled by `seed`.
   */
  train: TrainingData | Dataset;
  /** Evaluated after each epoch, in batches and in the precision of training. */
  test?: TrainingData | Dataset;
  /**
   * Of the loaders that are made for data sets: augmentation (of training images alone), cache, prefetch and so on. How
   * images are prepared is by default the model's `pretrainedConfig`; a ViT that has none gets one: stretched to its size,
   * pixels from -1 to 1.
   */
  loader?: FeedOptions;
  /** Images of a batch. */
  batchSize: number;
  /** Epochs of the whole training. */
  epochs: number;
  /** Of the order of samples. Default 0. */
  seed?: number;
  /** The L2 norm that the gradient is cut to. Default: not cut. */
  clipGradNorm?: number;
  /** What each element of the gradient is cut to, before its norm is. Default: not cut. */
  clipGradValue?: number;
  /** Batches whose gradients are averaged for one step. Default 1. */
  gradAccumSteps?: number;
  /** The average of weights, which is what is evaluated then; one of your own, or its options. Default: none. */
  ema?: ModelEma | EmaOptions;
  /** What is trained for: one of `losses`, or a function of your own. Default: cross-entropy. */
  loss?: Loss | LossFunction;
  /** Of the default loss. Default 0. */
  labelSmoothing?: number;
  /**
   * Whether a ViT's blocks are computed again in backward instead of kept, or how many of them, from the first; see
   * `setGradCheckpointing`. Default false.
   */
  gradCheckpointing?: boolean | number;
  /**
   * Whether a parameter is updated in the middle of backward, as soon as its gradient is whole, and the gradient released:
   * gradients take next to no memory then, and the results are the same bits. Attention's results are made again in backward, too, where
   * that is cheap (B/16: 25 MiB less on 8 images, for 1 to 2 % of a step's time). `grad` is null after a step. What needs all
   * gradients does not go with it: `clipGradNorm`, Lamb's `maxGradNorm`, `gradAccumSteps`. Default false.
   */
  optimizerInBackward?: boolean;
  /** Of matrix products and what they give; see `autocast`. Default `'fp32'`. */
  precision?: TrainingPrecision;
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
  /** Of the evaluations; see `metrics`. */
  metrics?: readonly MetricChoice[];
  /** Steps from one evaluation to the next. Default: one after each epoch. */
  evaluateEvery?: number;
  /** The share of the training images, of each class alike and drawn by `seed`, that is evaluated in the place of `test`. */
  validationSplit?: number;
  /** Ends training when evaluations have not become better for a while. */
  earlyStopping?: EarlyStoppingOptions;
  /** Where and when checkpoints are written. Default: nowhere. */
  checkpoints?: CheckpointOptions;
  /** A checkpoint to go on from, or a folder of them; `'auto'` for the last one in `checkpoints`, if there is any. */
  resume?: string;
  /** Seconds after which training ends, with the step under way. */
  maxTime?: number;
  /**
   * Trains on so many batches alone, those that would be the first, in the same order each time: a model that learns at
   * all learns these.
   */
  overfitBatches?: number;
  /** Runs so many batches (`true`: one) of one epoch and of one evaluation, and saves nothing: does all fit together? */
  fastDevRun?: boolean | number;
  /** What is to happen at the training's events, one callback after the other. */
  callbacks?: readonly TrainerCallback[];
  /** Steps from one `onLog` to the next. Default 50. */
  logEvery?: number;
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
  loader: true,
  batchSize: true,
  epochs: true,
  seed: true,
  clipGradNorm: true,
  loss: true,
  labelSmoothing: true,
  gradCheckpointing: true,
  optimizerInBackward: true,
  clipGradValue: true,
  gradAccumSteps: true,
  ema: true,
  metrics: true,
  callbacks: true,
  logEvery: true,
  evaluateEvery: true,
  earlyStopping: true,
  checkpoints: true,
  resume: true,
  maxTime: true,
  overfitBatches: true,
  fastDevRun: true,
  validationSplit: true,
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
  refuseOldNames(options);
  checkOptions(options, NAMES, 'Trainer');
  checkClassifier(options.model, 'Trainer model');
  checkOptimizer(options);
  for (const name of ['schedule', 'onProgress', 'onEpoch'] as const) {
    const value = options[name];
    if (value !== undefined) checkFunction(value, `Trainer ${name}`);
  }
  for (const name of ['optimizerInBackward', 'capture'] as const) {
    const value = options[name];
    if (value !== undefined) checkBoolean(value, `Trainer ${name}`);
  }
  checkInteger(options.batchSize, 'Trainer batchSize', 1);
  checkInteger(options.epochs, 'Trainer epochs', 1);
  checkInteger(options.seed ?? 0, 'Trainer seed');
  for (const name of ['clipGradNorm', 'clipGradValue', 'maxTime'] as const) {
    const value = options[name];
    if (value !== undefined) checkNumber(value, `Trainer ${name}`, 0);
  }
  for (const name of ['gradAccumSteps', 'evaluateEvery', 'logEvery', 'overfitBatches'] as const) {
    const value = options[name];
    if (value !== undefined) checkInteger(value, `Trainer ${name}`, 1);
  }
  checkNumber(options.labelSmoothing ?? 0, 'Trainer labelSmoothing', 0, 1);
  checkTrainingPrecision(options.precision ?? 'fp32', 'Trainer');
  checkOneOf(options.onNonFinite ?? 'stop', 'Trainer onNonFinite', ['stop', 'warn']);
  checkParts(options);
  checkInBackward(options);
  const { trace, signal, model, gradCheckpointing } = options;
  if (trace !== undefined && typeof trace !== 'string') throw expected('a path', 'Trainer trace', trace);
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw expected('an AbortSignal', 'Trainer signal', signal);
  }
  if (typeof gradCheckpointing === 'number') checkInteger(gradCheckpointing, 'Trainer gradCheckpointing');
  else if (gradCheckpointing !== undefined) checkBoolean(gradCheckpointing, 'Trainer gradCheckpointing');
  if (gradCheckpointing !== undefined && model.setGradCheckpointing === undefined) {
    throw expected('a model with setGradCheckpointing', 'Trainer gradCheckpointing', model);
  }
  return withCheckedData(options);
}

/** What needs all gradients at once, or several backwards before the update. */
function checkInBackward(options: TrainerOptions): void {
  const { optimizerInBackward, optimizer, clipGradNorm, gradAccumSteps = 1 } = options;
  if (optimizerInBackward !== true) return;
  const where = 'Trainer optimizerInBackward';
  if (!isOwnOptimizer(optimizer)) throw expected("one of the library's optimizers, and no subclass,", where, optimizer);
  if (optimizer.readsAllGradients) {
    throw expected('Lamb with maxGradNorm: 0', where, optimizer, 'The norm is of all gradients.');
  }
  if (clipGradNorm !== undefined) {
    const advice = 'The norm is of all gradients, which are never there together. clipGradValue goes with it.';
    throw expected('no clipGradNorm', where, new Text(String(clipGradNorm)), advice);
  }
  if (gradAccumSteps > 1) {
    const advice = 'Gradients that are added up have to be kept.';
    throw expected('gradAccumSteps: 1', where, new Text(String(gradAccumSteps)), advice);
  }
}

/** `checkpoint` meant something else to everyone. */
function refuseOldNames(options: TrainerOptions): void {
  if (typeof options !== 'object' || options === null || !('checkpoint' in options)) return;
  const advice = 'For files of a training, see checkpoints.';
  throw expected('gradCheckpointing', 'Trainer', new Text("'checkpoint', its former name"), advice);
}

/** Throws for parts of the options whose own options are wrong. */
function checkParts({
  loss,
  labelSmoothing,
  ema,
  earlyStopping,
  checkpoints,
  resume,
  callbacks,
  metrics,
}: TrainerOptions): void {
  if (loss !== undefined) checkLoss(loss, 'Trainer loss');
  if (loss !== undefined && labelSmoothing !== undefined) {
    throw expected(
      'labelSmoothing of the loss itself',
      'Trainer',
      new Text('both'),
      'Say losses.crossEntropy({ labelSmoothing }).',
    );
  }
  if (ema !== undefined && !(ema instanceof ModelEma)) checkEma(ema, 'Trainer ema');
  if (earlyStopping !== undefined) checkEarlyStopping(earlyStopping, 'Trainer earlyStopping');
  if (checkpoints !== undefined) checkCheckpoints(checkpoints, 'Trainer checkpoints');
  if (resume !== undefined && typeof resume !== 'string') throw expected("a path, or 'auto'", 'Trainer resume', resume);
  if (resume === 'auto' && checkpoints === undefined) {
    throw expected('checkpoints', "Trainer resume 'auto'", new Text('none'), 'Say where they are kept.');
  }
  if (callbacks !== undefined) checkCallbacks(callbacks, 'Trainer callbacks');
  if (metrics !== undefined) checkMetrics(metrics, 'Trainer metrics');
}

function checkOptimizer({ model, optimizer }: TrainerOptions): void {
  if (!(optimizer instanceof Optimizer)) throw expected('an optimizer', 'Trainer optimizer', optimizer);
  const own = new Set(model.parameters());
  if (optimizer.parameters.some((parameter) => own.has(parameter))) return;
  throw expected("an optimizer of the model's parameters", 'Trainer optimizer', optimizer, 'It has none of them.');
}
