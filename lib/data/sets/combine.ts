import { checkArray, checkBoolean, checkInteger, checkNumber, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { orderOf } from '../shuffle.js';
import { checkSet, type Dataset, labelsOf, membersOf } from './dataset.js';
import type { Sample } from './sample.js';

/**
 * Some items of a data set, in the order given; one may come twice.
 *
 * @throws TypeError for indices that are none
 * @see `torch.utils.data.Subset`
 */
export function subset<T>(dataset: Dataset<T>, indices: ArrayLike<number>): Dataset<T> {
  checkSet(dataset, 'subset');
  const { classes, labels } = dataset;
  const isList = Array.isArray(indices) || (ArrayBuffer.isView(indices) && !(indices instanceof DataView));
  if (!isList) throw expected('an array of indices', 'subset', indices);
  const chosen = Array.from(indices, (index) => checkInteger(index, 'an index of subset', 0, dataset.length - 1));
  return {
    length: chosen.length,
    get: (index) => dataset.get(chosen[checkInteger(index, 'the index of an item', 0, chosen.length - 1)]),
    ...(classes && { classes }),
    ...(labels && { labels: Int32Array.from(chosen, (index) => labels[index]) }),
  };
}

/**
 * Data sets one after another.
 *
 * @throws TypeError for none, or for classes that differ
 * @see `torch.utils.data.ConcatDataset`
 */
export function concat<T>(datasets: readonly Dataset<T>[]): Dataset<T> {
  checkArray(datasets, 'an array of data sets', 'concat');
  if (datasets.length === 0) throw expected('at least one data set', 'concat', new Text('none'));
  for (const dataset of datasets) checkSet(dataset, 'concat');
  const classes = datasets[0].classes;
  for (const other of datasets) {
    if (JSON.stringify(other.classes) === JSON.stringify(classes)) continue;
    throw expected('data sets of the same classes', 'concat', other.classes);
  }
  const ends: number[] = [];
  for (const { length } of datasets) ends.push((ends.at(-1) ?? 0) + length);
  const length = ends[ends.length - 1];
  const labels = datasets.every((dataset) => dataset.labels !== undefined)
    ? Int32Array.from(datasets.flatMap((dataset) => [...(dataset.labels ?? [])]))
    : undefined;
  return {
    length,
    get: (index) => {
      checkInteger(index, 'the index of an item', 0, length - 1);
      const part = ends.findIndex((end) => index < end);
      return datasets[part].get(index - (ends[part - 1] ?? 0));
    },
    ...(classes && { classes }),
    ...(labels && { labels }),
  };
}

/** Options of `split`. */
export interface SplitOptions {
  /** Of the choice. Default 0. */
  seed?: number;
  /** Whether each class is split in the same proportion. Default true. */
  stratify?: boolean;
}

const NAMES: OptionNames<SplitOptions> = { seed: true, stratify: true };

/**
 * A data set in two: the rest, and the share that is set apart, each in the order of the whole.
 *
 * @param share of the second, between 0 and 1
 * @throws TypeError for a share or options that are none; items that are no samples
 * @see scikit-learn's `train_test_split` with `stratify`
 */
export async function split(
  dataset: Dataset,
  share: number,
  options: SplitOptions = {},
): Promise<[rest: Dataset, apart: Dataset]> {
  checkOptions(options, NAMES, 'split');
  checkSet(dataset, 'split');
  const { seed = 0, stratify = true } = options;
  checkInteger(seed, 'split seed');
  checkBoolean(stratify, 'split stratify');
  checkNumber(share, 'the share of split', 0, 1);
  const labels = stratify ? await labelsOf(dataset, 'split') : new Int32Array(dataset.length);
  const [rest, apart] = stratified(labels, share, seed);
  return [subset<Sample>(dataset, rest), subset<Sample>(dataset, apart)];
}

/** Which items stay and which are set apart: of each class with two or more, at least one on either side. */
export function stratified(labels: Int32Array, share: number, seed: number): [rest: Uint32Array, apart: Uint32Array] {
  const rest: number[] = [];
  const apart: number[] = [];
  for (const [label, members] of membersOf(labels)) {
    const wanted = Math.round(share * members.length);
    const count = share > 0 && share < 1 ? Math.min(Math.max(wanted, 1), members.length - 1) : wanted;
    const order = orderOf(members.length, seed, label);
    for (const [place, member] of order.entries()) (place < count ? apart : rest).push(members[member]);
  }
  return [Uint32Array.from(rest).sort(), Uint32Array.from(apart).sort()];
}
