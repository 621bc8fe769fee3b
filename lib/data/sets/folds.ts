import { checkBoolean, checkInteger, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { pick } from '../array-parts.js';
import { checkDataset } from '../check-dataset.js';
import type { ArrayDataset } from '../dataset.js';
import { orderOf } from '../shuffle.js';
import { subset } from './combine.js';
import { type Dataset, isDataset, labelsOf, membersOf } from './dataset.js';
import type { Sample } from './sample.js';

/** Options of `folds`. */
export interface KFoldOptions {
  /** Of the choice. Default 0. */
  seed?: number;
  /** Whether each fold has each class in the same proportion. Default true. */
  stratify?: boolean;
}

const NAMES: OptionNames<KFoldOptions> = { seed: true, stratify: true };

/** A data set without one of its folds, and that fold. */
export type Fold<D> = [train: D, validation: D];

/**
 * A data set `k` times in two: each item is in one of the `k` validation parts, and in the training part of all others.
 *
 * @param dataset of images, or arrays
 * @throws TypeError for fewer than 2 folds, more than there are items, and options that are none
 * @see scikit-learn's `StratifiedKFold` with `shuffle`
 */
export async function folds<D extends Dataset | ArrayDataset>(
  dataset: D,
  k: number,
  options: KFoldOptions = {},
): Promise<Fold<D>[]> {
  checkOptions(options, NAMES, 'folds');
  const seed = checkInteger(options.seed ?? 0, 'folds seed');
  const stratify = checkBoolean(options.stratify ?? true, 'folds stratify');
  const isSet = isDataset(dataset);
  if (!isSet) checkDataset(dataset as ArrayDataset, 'folds');
  const all = isSet ? await labelsOf(dataset as Dataset, 'folds') : (dataset as ArrayDataset).labels;
  const parts = checkInteger(k, 'the number of folds', 2);
  if (parts > all.length) throw expected(`at most ${all.length} folds, one for each item,`, 'folds', new Text(`${k}`));
  const foldOf = dealt(stratify ? all : new Int32Array(all.length), parts, seed);
  const part = (items: number[]): D =>
    (isSet ? subset<Sample>(dataset as Dataset, items) : pick(dataset as ArrayDataset, items)) as D; // of the same kind
  return Array.from({ length: parts }, (_, fold): Fold<D> => {
    const items = Array.from(foldOf.keys());
    return [part(items.filter((item) => foldOf[item] !== fold)), part(items.filter((item) => foldOf[item] === fold))];
  });
}

/** The fold of each item: each class is shuffled and dealt out, and the next goes on where the last ended. */
function dealt(labels: Int32Array, k: number, seed: number): Int32Array {
  const foldOf = new Int32Array(labels.length);
  let next = 0;
  for (const [label, members] of membersOf(labels)) {
    for (const place of orderOf(members.length, seed, label)) foldOf[members[place]] = next++ % k;
  }
  return foldOf;
}
