import { checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkBatchLabels } from '../data/check-dataset.js';
import { DataLoader, type HostBatch } from '../data/loader.js';
import { evaluating } from '../nn/evaluating.js';
import { Module } from '../nn/module.js';
import { checkTensor } from '../ops/check-tensor.js';
import { tensor } from '../ops/creation.js';
import { crossEntropy } from '../ops/cross-entropy.js';
import { softmax } from '../ops/softmax.js';
import { autocast, checkPrecision, type Precision } from '../precision.js';
import { scope } from '../scope.js';
import { background } from '../stream.js';
import type { Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import type { ModelEma } from './ema.js';
import { checkMetrics, computeMetrics, type MetricChoice, type MetricValue } from './metric-set.js';
import { argmaxRows, countEqual, Mean, NO_CLASS } from './metrics.js';
import { batchesOf, disposeImages, factsOf, imagesOf, isLoader, type TrainingData } from './training-data.js';

/** A model of images (N,C,H,W) to logits (N,classes). */
export interface Classifier extends Module {
  forward(images: Tensor): Tensor;
  /** Whether to compute activations again in backward instead of keeping them; see `ViT.setGradCheckpointing`. */
  setGradCheckpointing?(on: boolean): unknown;
}

/** How a model does on a data set. */
export interface Evaluation {
  /** NaN where a logit is. */
  loss: number;
  /** Share of right answers, 0..1. */
  accuracy: number;
  /** The predicted class of each image; -1 where the model says NaN of one, which is no answer. */
  predictions: Int32Array;
  /** (count, classes) */
  probabilities: Float32Array;
  /** The metrics that were asked for, by name. */
  metrics?: Record<string, MetricValue>;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Default 256. */
  batchSize?: number;
  /** Of the factors of linear layers' products; see `autocast`. Default `'fp32'`. */
  precision?: Precision;
  /** Ends evaluation after the batch under way: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** What else is to be known of it: `top5`, `f1`, `confusionMatrix` and so on, or metrics of your own. */
  metrics?: readonly MetricChoice[];
}

const NAMES: OptionNames<EvaluateOptions> = { batchSize: true, precision: true, signal: true, metrics: true };

/** @internal Throws unless `model` is one that can be trained and evaluated. */
export function checkClassifier(model: unknown, where: string): void {
  if (model instanceof Module && 'forward' in model && typeof model.forward === 'function') return;
  throw expected('a model, a Module with a forward of images,', where, model);
}

/**
 * Runs a model over a data set, in evaluation mode and without gradients, in batches, in the `background`. Every part of
 * the model is left in the mode it was in.
 *
 * @param data arrays, or a `DataLoader` of images, whose batches and order count then
 * @param options or the batch size alone
 * @throws TypeError for a data set whose parts do not go together, a label that is no class of the model, and options that
 *   are unknown or out of range
 */
export async function evaluate(
  model: Classifier,
  data: TrainingData,
  options: EvaluateOptions | number = {},
): Promise<Evaluation> {
  return evaluateWith(model, data, options, undefined);
}

/** @internal As `evaluate`; with the average of the model's weights, where one is given. */
export async function evaluateWith(
  model: Classifier,
  data: TrainingData,
  options: EvaluateOptions | number,
  ema: ModelEma | undefined,
): Promise<Evaluation> {
  checkClassifier(model, 'evaluate');
  const chosen = typeof options === 'number' ? { batchSize: options } : options;
  checkOptions(chosen, NAMES, 'evaluate');
  const { signal, precision = 'fp32', metrics } = chosen;
  if (metrics !== undefined) checkMetrics(metrics, 'evaluate metrics');
  checkPrecision(precision, 'evaluate');
  const batchSize = checkInteger(chosen.batchSize ?? 256, 'evaluate batchSize', 1);
  const loader = isLoader(data) ? data : new DataLoader(data, { batchSize });
  const { shape } = factsOf(isLoader(data) ? data : (loader as DataLoader).dataset, 'evaluate');
  const { count } = loader;
  let labels = new Int32Array(count);
  const within = ema === undefined ? <T>(fn: () => T) => fn() : <T>(fn: () => T) => ema.within(fn);
  const answers = async (batch: HostBatch) => {
    try {
      return await read(
        background(() => autocast(precision, () => evaluating(model, () => within(() => answer(model, batch, shape))))),
      );
    } finally {
      disposeImages(batch);
    }
  };
  const loss = new Mean();
  let predictions = new Int32Array(count);
  let probabilities = new Float32Array(0);
  let done = 0;
  for await (const batch of batchesOf(loader, 0)) {
    if (signal?.aborted) disposeImages(batch);
    signal?.throwIfAborted();
    const results = await answers(batch);
    const classes = results.logits.length / batch.count;
    if (done === 0) probabilities = new Float32Array(count * classes);
    loss.add(results.loss[0], batch.count);
    labels.set(batch.labels, done);
    predictions.set(argmaxRows(results.logits, classes), done);
    probabilities.set(results.probabilities, done * classes);
    done += batch.count;
  }
  if (done < count) {
    // Corrupt images are passed over.
    [labels, predictions] = [labels.slice(0, done), predictions.slice(0, done)];
    probabilities = probabilities.slice(0, (probabilities.length / count) * done);
  }
  if (predictions.includes(NO_CLASS)) warnOfNaN(predictions);
  const evaluation = {
    loss: loss.value,
    accuracy: countEqual(predictions, labels) / done,
    predictions,
    probabilities,
  };
  if (metrics === undefined) return evaluation;
  const outcome = { labels, predictions, probabilities, classes: probabilities.length / done };
  return { ...evaluation, metrics: computeMetrics(metrics, outcome) };
}

/** What a model makes of a batch. */
interface Answer {
  logits: Tensor;
  probabilities: Tensor;
  loss: Tensor;
}

function answer(model: Classifier, batch: HostBatch, shape: readonly number[]): Answer {
  return scope(() => {
    const logits = model.forward(imagesOf(batch, shape));
    checkTensor(logits, 'evaluate logits', { shape: [batch.count, null], letters: '(N,classes)' });
    checkBatchLabels(batch.labels, logits.shape[1], 'evaluate');
    return { logits, probabilities: softmax(logits), loss: crossEntropy(logits, tensor(batch.labels)) };
  });
}

async function read({ logits, probabilities, loss }: Answer) {
  const reading = Promise.all([logits.data(), probabilities.data(), loss.data()]);
  for (const result of [logits, probabilities, loss]) result.dispose(); // the reads are enqueued already
  const [rows, chances, value] = await reading;
  return { logits: rows, probabilities: chances, loss: value };
}

function warnOfNaN(predictions: Int32Array): void {
  const count = predictions.reduce((sum, prediction) => sum + (prediction === NO_CLASS ? 1 : 0), 0);
  warnOnce(
    `Expected numbers for evaluate but the model says NaN of ${count} of ${predictions.length} images: they count as wrong. Its weights, or the images, hold values that are not finite.`,
  );
}
