import { checkFunction, checkInteger, checkNumber, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { ArrayDataset } from '../data/dataset.js';
import { Linear } from '../nn/linear.js';
import { Module } from '../nn/module.js';
import { reshape } from '../ops/reshape.js';
import { AdamW } from '../optim/adamw.js';
import { cosineSchedule } from '../optim/cosine-schedule.js';
import type { Tensor } from '../tensor.js';
import type { EpochRecord } from '../train/epoch-record.js';
import { type Evaluation, evaluate } from '../train/evaluate.js';
import type { FitResult } from '../train/fit-result.js';
import { Trainer } from '../train/trainer.js';
import { checkSameWidth, type FeatureSet, labelsOfFeatures } from './feature-set.js';

/** Options of `features.linearProbe`. */
export interface LinearProbeOptions {
  /** Passes over the features. Default 50. */
  epochs?: number;
  /** Features of a step. Default 256. */
  batchSize?: number;
  /** The highest rate of AdamW, for features brought to mean 0 and deviation 1; it falls along a cosine. Default 0.003. */
  lr?: number;
  /** Default 0.01. */
  weightDecay?: number;
  /** Of the order. Default 0. */
  seed?: number;
  /** Ends it after the step under way. */
  signal?: AbortSignal;
  /** After each epoch. */
  onEpoch?: (record: EpochRecord) => unknown;
}

const NAMES: OptionNames<LinearProbeOptions> = {
  epochs: true,
  batchSize: true,
  lr: true,
  weightDecay: true,
  seed: true,
  signal: true,
  onEpoch: true,
};

/** A linear classifier of features, and how good it is. */
export interface LinearProbe {
  /** (classes,width): of the features as they are. */
  readonly weight: Float32Array;
  /** (classes) */
  readonly bias: Float32Array;
  /** Numbers of a feature. */
  readonly width: number;
  /** How many classes it tells. */
  readonly numClasses: number;
  /** Their names, where the features have them. */
  readonly classes?: readonly string[];
  /** How its training went. */
  readonly training: FitResult;
  /** Of the test features, in the end. */
  readonly evaluation?: Evaluation;
}

/** What of the training features is taken out of all. */
interface Moments {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/**
 * Trains a linear classifier on features that are kept: how well classes can be told from them by a plane. The features
 * are computed once, by `extract`, and not anew each epoch. They are brought to mean 0 and deviation 1 while it trains;
 * what comes out takes them as they are, so that it can be a model's head (`attachProbe`).
 *
 * @throws TypeError for features without labels or of other widths, and options that are unknown or out of range
 * @see Alain and Bengio 2016; He et al. 2022 (MAE), appendix A.1, for the normalisation
 * @example
 * const probe = await features.linearProbe(train, test);
 * features.attachProbe(model, probe);
 */
export async function linearProbe(
  train: FeatureSet,
  test?: FeatureSet,
  options: LinearProbeOptions = {},
): Promise<LinearProbe> {
  checkOptions(options, NAMES, 'features.linearProbe');
  const { signal, onEpoch } = options;
  const epochs = checkInteger(options.epochs ?? 50, 'features.linearProbe epochs', 1);
  const batchSize = checkInteger(options.batchSize ?? 256, 'features.linearProbe batchSize', 1);
  const lr = checkNumber(options.lr ?? 3e-3, 'features.linearProbe lr', 0);
  const weightDecay = checkNumber(options.weightDecay ?? 0.01, 'features.linearProbe weightDecay', 0);
  const seed = checkInteger(options.seed ?? 0, 'features.linearProbe seed');
  if (onEpoch !== undefined) checkFunction(onEpoch, 'features.linearProbe onEpoch');
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw expected('an AbortSignal', 'features.linearProbe signal', signal);
  }
  const numClasses = classesOf(train);
  if (test !== undefined) checkSameWidth(train, test, 'features.linearProbe test');
  const moments = momentsOf(train);
  const held = test && standardised(test, moments, numClasses, 'features.linearProbe test');
  const trained = standardised(train, moments, numClasses, 'features.linearProbe train');
  using head = new Head(train.width, numClasses);
  head.linear.weight.set(new Float32Array(numClasses * train.width)); // no draw: the result follows from the data
  using optimizer = new AdamW(head.parameters(), { lr, weightDecay });
  const totalSteps = epochs * Math.ceil(train.count / batchSize);
  const training = await new Trainer({
    ...{ model: head, optimizer, train: trained, epochs, batchSize, seed },
    schedule: cosineSchedule({ lr, totalSteps }),
    ...(held && { test: held }),
    ...(signal && { signal }),
    ...(onEpoch && { onEpoch }),
  }).fit();
  signal?.throwIfAborted();
  const evaluation = held && (await evaluate(head, held, { batchSize: 1024 }));
  const { weight, bias } = await folded(head, moments);
  const { width, classes } = train;
  return { weight, bias, width, numClasses, ...(classes && { classes }), training, ...(evaluation && { evaluation }) };
}

/** Features (N,D,1,1), as the trainer has images, to logits. */
class Head extends Module {
  readonly linear: Linear;

  constructor(width: number, numClasses: number) {
    super();
    this.linear = this.child('linear', new Linear(width, numClasses));
  }

  forward(x: Tensor): Tensor {
    return this.linear.forward(reshape(x, [x.shape[0], x.shape[1]]));
  }
}

function classesOf(train: FeatureSet): number {
  const labels = labelsOfFeatures(train, 'features.linearProbe train');
  const found = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const count = Math.max(found, train.classes?.length ?? 0);
  if (count < 2) throw expected('at least two classes', 'features.linearProbe', new Text('one'));
  return count;
}

function momentsOf({ values, count, width }: FeatureSet): Moments {
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / count;
  const deviation = new Float64Array(width);
  for (let i = 0; i < values.length; i++) deviation[i % width] += (values[i] - mean[i % width]) ** 2 / count;
  // What never changes tells nothing: it becomes 0 whatever it is divided by.
  return { mean, deviation: deviation.map((variance) => (variance > 1e-12 ? Math.sqrt(variance) : 1)) };
}

function standardised(set: FeatureSet, moments: Moments, numClasses: number, where: string): ArrayDataset {
  const labels = labelsOfFeatures(set, where);
  for (const label of labels) checkInteger(label, `a label of ${where}`, 0, numClasses - 1);
  const { values, count, width } = set;
  const { mean, deviation } = moments;
  const images = Float32Array.from(values, (value, i) => (value - mean[i % width]) / deviation[i % width]);
  return { images, labels, count, shape: [width, 1, 1], numClasses };
}

/** The head of features as they are. */
async function folded(head: Head, { mean, deviation }: Moments): Promise<Pick<LinearProbe, 'weight' | 'bias'>> {
  const { linear } = head;
  const width = mean.length;
  const [trained, offsets] = await Promise.all([linear.weight.data(), linear.bias?.data()]);
  const weight = Float32Array.from(trained, (value, i) => value / deviation[i % width]);
  const bias = Float32Array.from(offsets ?? [], (value, c) => {
    let shift = 0;
    for (let d = 0; d < width; d++) shift += (trained[c * width + d] / deviation[d]) * mean[d];
    return value - shift;
  });
  return { weight, bias };
}
