import { checkOneOf, expected, Text } from '../check.js';
import { Turns } from '../turns.js';
import { rankingAuc } from './auc.js';

/** A metric's value: one number, one of each class, or rows of true classes by columns of predicted ones. */
export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

/** What a metric is computed from: an evaluation of a whole data set. */
export interface Outcome {
  /** The class of each image. */
  readonly labels: Int32Array;
  /** The predicted class of each; -1 where the model says NaN. */
  readonly predictions: Int32Array;
  /** (count, classes) */
  readonly probabilities: Float32Array;
  /** How many classes there are. */
  readonly classes: number;
  /**
   * (count, classes): where images are of several classes, how far each is of each, 1 for yes. A label is the first of the
   * largest then.
   */
  readonly targets?: Float32Array;
}

/** A metric of your own. */
export interface Metric {
  /** What the metric is called where it is shown. */
  readonly name: string;
  /** The metric of an evaluation. */
  compute(outcome: Outcome): MetricValue;
}

/** A metric of the library's, by name, or one of your own. */
export type MetricChoice = MetricName | Metric;

/**
 * The library's metrics. Those of classes are means over the classes; with `PerClass` they are lists. A class that is
 * never predicted has a precision of 0, one that there is no image of a recall of 0, as in scikit-learn. Where images are
 * of several classes, each class is a yes from a probability of 0.5 on, and `top1`, `top5` and `confusionMatrix` are refused.
 */
export type MetricName = keyof typeof METRICS;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const METRICS = {
  top1: (outcome: Outcome) => topK(outcome, 1),
  top5: (outcome: Outcome) => topK(outcome, 5),
  precision: (outcome: Outcome) => mean(perClass(outcome).precision),
  recall: (outcome: Outcome) => mean(perClass(outcome).recall),
  f1: (outcome: Outcome) => mean(perClass(outcome).f1),
  precisionPerClass: (outcome: Outcome) => perClass(outcome).precision,
  recallPerClass: (outcome: Outcome) => perClass(outcome).recall,
  f1PerClass: (outcome: Outcome) => perClass(outcome).f1,
  /** One class against the rest, the mean of those of which there are images and others; of two classes, that of class 1. */
  auc: async (outcome: Outcome) => {
    const all = await aucPerClass(outcome);
    if (outcome.classes === 2 && outcome.targets === undefined) return all[1];
    return mean(all.filter((value) => !Number.isNaN(value)));
  },
  aucPerClass: (outcome: Outcome) => aucPerClass(outcome),
  confusionMatrix: (outcome: Outcome) => confusionMatrix(outcome),
} as const satisfies Record<string, (outcome: Outcome) => MetricValue | Promise<MetricValue>>;

/** Throws unless each is a metric's name, or a metric of the user's own, and none has the name of another. */
export function checkMetrics(metrics: unknown, where: string): readonly MetricChoice[] {
  if (!Array.isArray(metrics)) throw expected('an array of metrics', where, metrics);
  const names = metrics.map((metric: MetricChoice) => {
    if (typeof metric === 'string') return checkOneOf(metric, where, Object.keys(METRICS));
    if (typeof metric?.name !== 'string' || typeof metric.compute !== 'function') {
      throw expected('the name of a metric, or { name, compute }', where, metric);
    }
    return metric.name;
  });
  if (new Set(names).size !== names.length) throw expected('each metric once', where, names);
  return metrics;
}

/** The chosen metrics of an evaluation, by name; in turns of the event loop. */
export async function computeMetrics(
  chosen: readonly MetricChoice[],
  outcome: Outcome,
): Promise<Record<string, MetricValue>> {
  const ofOne = chosen.find((metric) => ['top1', 'top5', 'confusionMatrix'].includes(metric as string));
  if (outcome.targets !== undefined && ofOne !== undefined) {
    const advice = 'precision, recall, f1, auc and those by class can be had.';
    throw expected('images of one class each', `the metric ${String(ofOne)}`, new Text('labels of several'), advice);
  }
  const turns = new Turns();
  const values: [name: string, value: MetricValue][] = [];
  for (const metric of chosen) {
    if (typeof metric === 'string') values.push([metric, await METRICS[metric](outcome)]);
    else values.push([metric.name, metric.compute(outcome)]);
    await turns.pass();
  }
  return Object.fromEntries(values);
}

// Of a probability, and of a label: yes.
const YES = 0.5;

/** Where images are of several classes: the share of right answers, one for each image and class. */
export function shareOfAnswers({ targets = new Float32Array(0), probabilities }: Outcome): number {
  let right = 0;
  for (let at = 0; at < targets.length; at++) if (probabilities[at] >= YES === targets[at] >= YES) right++;
  return right / targets.length;
}

/** The share of images whose class is among the k likeliest. Ties count in favour. */
function topK({ labels, predictions, probabilities, classes }: Outcome, k: number): number {
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    if (k === 1) {
      if (predictions[i] === labels[i]) right++;
      continue;
    }
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    const own = row[labels[i]];
    let likelier = 0;
    for (const value of row) if (!(value <= own)) likelier++; // NaN is likelier than all
    if (likelier < k) right++;
  }
  return right / labels.length;
}

/** Images of each class (rows) by what they were taken for (columns); those of which the model says NaN are in none. */
function confusionMatrix({ labels, predictions, classes }: Outcome): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) if (predictions[i] >= 0) matrix[labels[i]][predictions[i]]++;
  return matrix;
}

/** Of a class: its images, those taken for it, and those rightly. */
interface ClassCounts {
  images: number;
  predicted: number;
  right: number;
}

function countsOf({ targets, labels, predictions, probabilities, classes }: Outcome): ClassCounts[] {
  const counts = Array.from({ length: classes }, () => ({ images: 0, predicted: 0, right: 0 }));
  if (targets === undefined) {
    for (const [i, label] of labels.entries()) {
      counts[label].images++;
      if (predictions[i] >= 0) counts[predictions[i]].predicted++;
      if (predictions[i] === label) counts[label].right++;
    }
    return counts;
  }
  for (let at = 0; at < targets.length; at++) {
    const [isOfIt, isTaken] = [targets[at] >= YES, probabilities[at] >= YES];
    const count = counts[at % classes];
    if (isOfIt) count.images++;
    if (isTaken) count.predicted++;
    if (isOfIt && isTaken) count.right++;
  }
  return counts;
}

function perClass(outcome: Outcome): { precision: number[]; recall: number[]; f1: number[] } {
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  const rows = countsOf(outcome).map(({ images, predicted, right }) => ({
    precision: share(right, predicted),
    recall: share(right, images),
    f1: share(2 * right, predicted + images),
  }));
  return {
    precision: rows.map((row) => row.precision),
    recall: rows.map((row) => row.recall),
    f1: rows.map((row) => row.f1),
  };
}

async function aucPerClass({ labels, targets, probabilities, classes }: Outcome): Promise<number[]> {
  const turns = new Turns();
  const scores = new Float64Array(labels.length);
  const isPositive = new Uint8Array(labels.length);
  const aucs: number[] = [];
  for (let c = 0; c < classes; c++) {
    for (let i = 0; i < labels.length; i++) {
      scores[i] = probabilities[i * classes + c];
      isPositive[i] = Number(targets ? targets[i * classes + c] >= YES : labels[i] === c);
    }
    aucs.push(rankingAuc(scores, isPositive));
    await turns.pass();
  }
  return aucs;
}
