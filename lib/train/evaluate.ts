import { checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkBatchLabels } from '../data/check-dataset.js';
import { DataLoader, type HostBatch } from '../data/loader.js';
import { type Dataset, isDataset } from '../data/sets/dataset.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { evaluating } from '../nn/evaluating.js';
import { Module } from '../nn/module.js';
import { checkTensor } from '../ops/check-tensor.js';
import { add, mul, sub } from '../ops/elementwise.js';
import { softmax } from '../ops/softmax.js';
import { flip } from '../ops/transpose.js';
import { log, log1p, neg, sigmoid } from '../ops/unary.js';
import { wide } from '../ops/wide.js';
import { autocast, checkPrecision, type PrecisionChoice } from '../precision.js';
import { scope } from '../scope.js';
import { background } from '../stream.js';
import type { Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import { type CompiledModel, compile } from './compile.js';
import type { ModelEma } from './ema.js';
import { checkLoss, type Loss, type LossFunction, type PreparedLoss } from './losses/loss.js';
import { checkMetrics, computeMetrics, type MetricChoice, type MetricValue, shareOfAnswers } from './metric-set.js';
import { countEqual, NO_CLASS } from './metrics.js';
import { prepareLoss } from './prepare-loss.js';
import { type BatchAnswer, Tally } from './tally.js';
import {
  checkTrainingData,
  disposeImages,
  factsOf,
  imageLoader,
  imagesOf,
  isLoader,
  labelsOf,
  shapeOf,
  type TrainingData,
} from './training-data.js';
import { checkTta, type TestTimeAugmentation, viewsOf } from './views.js';

/** A model of images (N,C,H,W) to logits (N,classes). */
export interface Classifier extends Module {
  /** @param images (N,C,H,W) @returns (N,classes) */
  forward(images: Tensor): Tensor;
  /** How images of a bare data set are prepared, where it is known. */
  readonly pretrainedConfig?: Preprocessing | undefined;
  /** Whether to compute activations again in backward instead of keeping them; see `ViT.setGradCheckpointing`. */
  setGradCheckpointing?(on: boolean | number): unknown;
}

/** How a model does on a data set. */
export interface Evaluation {
  /** NaN where a logit is. */
  loss: number;
  /** Share of right answers, 0..1; where images are of several classes, of all answers, one for each class. */
  accuracy: number;
  /** The likeliest class of each image; -1 where the model says NaN of one, which is no answer. */
  predictions: Int32Array;
  /** (count, classes); where images are of several classes, each by itself. */
  probabilities: Float32Array;
  /** The metrics that were asked for, by name. */
  metrics?: Record<string, MetricValue>;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Default 256. */
  batchSize?: number;
  /** Of matrix products and what they give; see `autocast`. Default `'fp32'`. */
  precision?: PrecisionChoice;
  /** Ends evaluation after the batch under way: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** What `loss` is: one of `losses`, or a function of your own. Default: cross-entropy. */
  loss?: Loss | LossFunction;
  /** How a bare data set's images are prepared. Default: the model's `pretrainedConfig`. */
  preprocessing?: Preprocessing;
  /** Looks at each image in several ways, and takes the mean of its probabilities. Default: once, as it is. */
  tta?: TestTimeAugmentation;
  /** What else is to be known of it: `top5`, `f1`, `confusionMatrix` and so on, or metrics of your own. */
  metrics?: readonly MetricChoice[];
}

const NAMES: OptionNames<EvaluateOptions> = {
  batchSize: true,
  precision: true,
  signal: true,
  loss: true,
  preprocessing: true,
  tta: true,
  metrics: true,
};

/** @internal Throws unless `model` is one that can be trained and evaluated. */
export function checkClassifier(model: unknown, where: string): void {
  if (model instanceof Module && 'forward' in model && typeof model.forward === 'function') return;
  throw expected('a model, a Module with a forward of images,', where, model);
}

/**
 * Runs a model over a data set, in evaluation mode and without gradients, in batches, in the `background`. Every part of
 * the model is left in the mode it was in.
 *
 * The loss is without label smoothing and without a teacher, whatever training had: timm's habit, so that runs can be
 * compared (PyTorch's own recipes evaluate with what they train with). Class weights and the rest stay.
 *
 * Where labels are rows of a number for each class, the right answer is the largest; with `losses.binaryCrossEntropy` each
 * class is an answer by itself, yes where its probability, a sigmoid, is 0.5 at least.
 *
 * @param data arrays, a data set of images, or a `DataLoader` of one, whose batches and order count then
 * @param options or the batch size alone
 * @throws TypeError for a data set whose parts do not go together, a label that is no class of the model, and options that
 *   are unknown or out of range
 */
export async function evaluate(
  model: Classifier,
  data: TrainingData | Dataset,
  options: EvaluateOptions | number = {},
): Promise<Evaluation> {
  const chosen = typeof options === 'number' ? { batchSize: options } : options;
  checkOptions(chosen, NAMES, 'evaluate');
  const { loss, preprocessing, ...rest } = chosen;
  if (loss !== undefined) checkLoss(loss, 'evaluate loss');
  checkClassifier(model, 'evaluate');
  const fed = evaluationData(model, data, preprocessing, chosen.batchSize);
  const prepared = prepareLoss(loss === undefined ? {} : { loss }, factsOf(fed, 'evaluate'));
  try {
    return await evaluateWith(model, fed, rest, { ema: undefined, loss: prepared });
  } finally {
    prepared.dispose();
    if (isLoader(fed) && fed !== data) await fed.dispose();
  }
}

/** Data as it is fed, with a loader for a data set that has none. */
function evaluationData(
  model: Classifier,
  data: TrainingData | Dataset,
  preprocessing: Preprocessing | undefined,
  batchSize = 256,
): TrainingData {
  if (isLoader(data) || !isDataset(data)) {
    if (preprocessing === undefined) return checkTrainingData(data as TrainingData, 'evaluate');
    throw expected('a data set of images', 'evaluate preprocessing', data, 'What is prepared already stays as it is.');
  }
  checkInteger(batchSize, 'evaluate batchSize', 1);
  const options = { batchSize, ...(preprocessing && { preprocessing }) };
  return imageLoader(data as Dataset, model, options, 'evaluate');
}

/** @internal As `evaluate`; with the average of the model's weights, where one is given, and a loss made ready. */
export async function evaluateWith(
  model: Classifier,
  data: TrainingData,
  options: Omit<EvaluateOptions, 'loss' | 'preprocessing'>,
  { ema, loss }: { ema: ModelEma | undefined; loss: PreparedLoss },
): Promise<Evaluation> {
  checkClassifier(model, 'evaluate');
  const { signal, precision = 'fp32', metrics, tta } = options;
  if (tta !== undefined) checkTta(tta, 'evaluate tta');
  if (metrics !== undefined) checkMetrics(metrics, 'evaluate metrics');
  checkPrecision(precision, 'evaluate');
  const batchSize = checkInteger(options.batchSize ?? 256, 'evaluate batchSize', 1);
  const loader = isLoader(data) ? data : new DataLoader(data, { batchSize });
  const shape = shapeOf(isLoader(data) ? data : (loader as DataLoader).dataset, 'evaluate');
  const within = ema === undefined ? <T>(fn: () => T) => fn() : <T>(fn: () => T) => ema.within(fn);
  const views = viewsOf(loader, tta, 'evaluate tta');
  const compiled = compile(model);
  const answers = async (batches: readonly HostBatch[]): Promise<BatchAnswer> => {
    const run = (): Answer => answer(compiled, batches, { shape, loss, mirrors: views.mirrors });
    return read(background(() => autocast(precision, () => evaluating(model, () => within(run)))));
  };
  const tally = new Tally(loader.count, loss.takesSeveral === true);
  try {
    for await (const batches of views.batches()) {
      try {
        signal?.throwIfAborted();
        const { labels, count } = batches[0];
        tally.add(batches[0], await answers(batches), loss.weightOf?.(labels, count));
      } finally {
        for (const batch of batches) disposeImages(batch);
      }
    }
  } finally {
    compiled.dispose();
    await views.dispose();
  }
  const outcome = tally.outcome();
  const { labels, predictions, probabilities } = outcome;
  if (predictions.includes(NO_CLASS)) warnOfNaN(predictions);
  const accuracy = outcome.targets ? shareOfAnswers(outcome) : countEqual(predictions, labels) / labels.length;
  const evaluation = { loss: tally.loss, accuracy, predictions, probabilities };
  return metrics === undefined ? evaluation : { ...evaluation, metrics: await computeMetrics(metrics, outcome) };
}

/** What a model makes of a batch. */
interface Answer {
  logits: Tensor;
  probabilities: Tensor<'float32'>;
  loss: Tensor;
}

/** How it is asked. */
interface Question {
  /** Of one image. */
  readonly shape: readonly number[];
  readonly loss: PreparedLoss;
  /** Whether each view is seen mirrored as well. */
  readonly mirrors: boolean;
}

function answer(model: CompiledModel, batches: readonly HostBatch[], { shape, loss, mirrors }: Question): Answer {
  return scope(() => {
    const [batch] = batches;
    const isOfSeveral = loss.takesSeveral === true && batch.labels instanceof Float32Array;
    const views = batches.map((view) => imagesOf(view, shape)).flatMap((x) => (mirrors ? [x, flip(x, 3)] : [x])); // W
    const all = views.map((view) => {
      const logits = wide(model.forward(view));
      checkTensor(logits, 'evaluate logits', { shape: [batch.count, null], letters: '(N,classes)' });
      checkBatchLabels(batch, logits.shape[1], 'evaluate');
      return { logits, probabilities: isOfSeveral ? sigmoid(logits) : softmax(logits) };
    });
    const { logits, probabilities } = all.length === 1 ? all[0] : meanOf(all, isOfSeveral);
    const input = { logits, others: [], labels: labelsOf(batch), images: views[0] };
    return { logits, probabilities, loss: (loss.evaluate ?? loss.compute)(input) };
  });
}

/** The mean of views' probabilities, and logits that stand for it. */
function meanOf(views: readonly { probabilities: Tensor<'float32'> }[], isOfSeveral: boolean) {
  const sum = views.map(({ probabilities }) => probabilities).reduce((total, one) => add(total, one));
  const probabilities = mul(sum, 1 / views.length);
  const logs = log(probabilities);
  return { probabilities, logits: isOfSeveral ? sub(logs, log1p(neg(probabilities))) : logs };
}

async function read({ logits, probabilities, loss }: Answer): Promise<BatchAnswer> {
  const reading = Promise.all([logits.data(), probabilities.data(), loss.data()]);
  for (const result of [logits, probabilities, loss]) result.dispose(); // the reads are enqueued already
  const [rows, chances, value] = await reading;
  return { logits: rows, probabilities: chances, loss: value[0] };
}

function warnOfNaN(predictions: Int32Array): void {
  const count = predictions.reduce((sum, prediction) => sum + (prediction === NO_CLASS ? 1 : 0), 0);
  warnOnce(
    `Expected numbers for evaluate but the model says NaN of ${count} of ${predictions.length} images: they count as wrong. Its weights, or the images, hold values that are not finite.`,
  );
}
