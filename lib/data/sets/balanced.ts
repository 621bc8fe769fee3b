import { checkInteger } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { uniformOf } from '../shuffle.js';
import { type Dataset, labelsOf, membersOf } from './dataset.js';

/** Which items an epoch has, in their order; to depend on the epoch's number alone. */
export type Sampler = (epoch: number) => ArrayLike<number>;

/** Options of `balanced`. */
export interface BalancedOptions {
  /** Items in an epoch. Default: as many as there are. */
  length?: number;
  /** Of the draws. Default 0. */
  seed?: number;
}

const NAMES: OptionNames<BalancedOptions> = { length: true, seed: true };

/**
 * A sampler that draws every class as often as every other, with replacement: a class, then one of its items.
 *
 * @returns what `DataLoader` takes as `sampler`
 * @throws TypeError for items that are no samples, or options that are unknown or out of range
 * @see `torch.utils.data.WeightedRandomSampler` with weights of 1 / (items of the class)
 */
export async function balanced(dataset: Dataset, options: BalancedOptions = {}): Promise<Sampler> {
  checkOptions(options, NAMES, 'balanced');
  const { seed = 0 } = options;
  checkInteger(seed, 'balanced seed');
  const labels = await labelsOf(dataset, 'balanced');
  const length = checkInteger(options.length ?? labels.length, 'balanced length', 1);
  const groups = [...membersOf(labels)].sort(([a], [b]) => a - b).map(([, members]) => members);
  return (epoch) => {
    const next = uniformOf(seed, epoch);
    return Uint32Array.from({ length }, () => {
      const members = groups[Math.floor(next() * groups.length)];
      return members[Math.floor(next() * members.length)];
    });
  };
}
