import { checkInteger, expected, Text } from '../../check.js';
import { isThenable } from '../../thenable.js';
import { checkSample, type Sample } from './sample.js';

/**
 * Anything that knows how many items it has and gives each.
 *
 * What may be known besides saves work: names for reports, labels so that nothing need be read to split or to balance.
 *
 * @see `torch.utils.data.Dataset` with `__len__` and `__getitem__`
 */
export interface Dataset<T = Sample> {
  /** How many samples there are. */
  readonly length: number;
  /** The sample at `index`, from 0 on. */
  get(index: number): T | Promise<T>;
  /** The classes' names, by their numbers. */
  readonly classes?: readonly string[];
  /** The class of each item. */
  readonly labels?: Int32Array;
}

/** Whether a value is meant as a `Dataset`. */
export function isDataset(value: unknown): value is Dataset<unknown> {
  return typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function';
}

/** Throws unless a value is a data set with an item at least, whose labels and classes, where given, fit. */
export function checkSet<T>(dataset: Dataset<T>, where: string): Dataset<T> {
  if (!isDataset(dataset)) throw expected('a data set with length and get(index)', where, dataset);
  const count = checkInteger(dataset.length, `the length of ${where}`);
  if (count === 0) throw expected('at least one item', where, new Text('none'));
  const { labels, classes } = dataset;
  if (classes !== undefined && (!Array.isArray(classes) || classes.some((name) => typeof name !== 'string'))) {
    throw expected('an array of names', `the classes of ${where}`, classes);
  }
  if (labels === undefined) return dataset;
  if (!(labels instanceof Int32Array)) throw expected('an Int32Array', `the labels of ${where}`, labels);
  if (labels.length !== count) {
    throw expected(`${count} class indices`, `the labels of ${where}`, new Text(`${labels.length}`));
  }
  const most = classes?.length ?? 2 ** 31 - 1;
  for (const [i, label] of labels.entries()) {
    if (label >= 0 && label < most) continue;
    throw expected(`class indices from 0 to ${most - 1}`, `the labels of ${where}`, label, `That is label ${i}.`);
  }
  return dataset;
}

/** The item at a place, checked; a promise only where the data set gives one. */
export function sampleAt(
  dataset: Dataset,
  index: number,
  classes: number | undefined,
  where: string,
): Sample | Promise<Sample> {
  const name = `item ${index} of ${where}`;
  let sample: ReturnType<typeof dataset.get>;
  try {
    sample = dataset.get(index);
  } catch (cause) {
    throw itemError(cause, dataset, index, name);
  }
  if (!isThenable(sample)) return checkSample(sample, classes, name);
  return Promise.resolve(sample).then(
    (value) => checkSample(value, classes, name),
    (cause) => {
      throw itemError(cause, dataset, index, name);
    },
  );
}

/** The error of an item that a data set does not give; tells which, and where the data set has become shorter. */
function itemError(cause: unknown, { length }: Dataset, index: number, name: string): Error {
  const found = new Text(`the error of its get: ${cause instanceof Error ? cause.message : String(cause)}`);
  const advice = index < length ? '' : `It has ${length} items now; a data set must stay as it is while it is in use.`;
  const error = expected('{ image, label }', name, found, advice);
  error.cause = cause;
  return error;
}

/**
 * The class of each item: the data set's own list, or else read item by item. Of several values the largest counts.
 *
 * @throws TypeError for items that are no samples
 */
export async function labelsOf(dataset: Dataset, where: string): Promise<Int32Array> {
  checkSet(dataset, where);
  if (dataset.labels !== undefined) return dataset.labels;
  const labels = new Int32Array(dataset.length);
  for (let i = 0; i < labels.length; i++) {
    const { label } = await sampleAt(dataset, i, dataset.classes?.length, where);
    labels[i] = typeof label === 'number' ? label : largestOf(label);
  }
  return labels;
}

/** The first place of the largest value. */
export function largestOf(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The items of each class, in their order. */
export function membersOf(labels: Int32Array): Map<number, number[]> {
  const ofClass = new Map<number, number[]>();
  for (const [index, label] of labels.entries()) {
    const members = ofClass.get(label);
    if (members === undefined) ofClass.set(label, [index]);
    else members.push(index);
  }
  return ofClass;
}
