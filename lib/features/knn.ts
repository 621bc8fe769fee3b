import { checkInteger, checkNumber } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type FeatureSet, labelsOfFeatures } from './feature-set.js';
import { nearest } from './nearest.js';

/** Options of `features.knn`. */
export interface KnnOptions {
  /** How many neighbours vote; all, where there are fewer. Default 20. */
  k?: number;
  /** A neighbour's vote is exp(cosine / temperature). Default 0.07. */
  temperature?: number;
}

const NAMES: OptionNames<KnnOptions> = { k: true, temperature: true };

/** What neighbours say of the images of a set. */
export interface KnnResult {
  /** Share of images whose class has the most votes. */
  readonly accuracy: number;
  /** Share of images whose class is among the five that have the most votes; of five classes or fewer it tells little. */
  readonly top5: number;
  /** The class with the most votes, of each image; of equal ones the lower. */
  readonly predictions: Int32Array;
}

/**
 * How well the classes of images are told by their neighbours: the k nearest of `train` by cosine, each of whose votes is
 * weighted. Nothing is trained. Without `test`, each image of `train` is judged by all others.
 *
 * @throws TypeError for features without labels, of other widths, and options that are unknown or out of range
 * @see Wu et al. 2018, section 3.4; Caron et al. 2021 (DINO), `eval_knn.py`, whose defaults these are
 * @example
 * const { accuracy } = await features.knn(train, test);
 */
export async function knn(train: FeatureSet, test?: FeatureSet, options: KnnOptions = {}): Promise<KnnResult> {
  checkOptions(options, NAMES, 'features.knn');
  const known = labelsOfFeatures(train, 'features.knn train');
  const right = test === undefined ? known : labelsOfFeatures(test, 'features.knn test');
  const temperature = checkNumber(options.temperature ?? 0.07, 'features.knn temperature', 1e-6);
  const voters = train.count - (test === undefined ? 1 : 0);
  const k = Math.min(checkInteger(options.k ?? 20, 'features.knn k', 1), Math.max(1, voters));
  const found = await nearest(train, test ?? train, { k, excludeSelf: test === undefined });
  const predictions = new Int32Array(right.length);
  let [first, five] = [0, 0];
  for (const [row, label] of right.entries()) {
    const votes = new Map<number, number>();
    for (let i = row * k; i < (row + 1) * k; i++) {
      const voted = known[found.indices[i]];
      // Less the largest possible cosine, so that no temperature overflows.
      const vote = Math.exp((found.similarities[i] - 1) / temperature);
      votes.set(voted, (votes.get(voted) ?? 0) + vote);
    }
    const order = [...votes].sort(([a, x], [b, y]) => y - x || a - b).map(([voted]) => voted);
    predictions[row] = order[0];
    if (order[0] === label) first++;
    if (order.slice(0, 5).includes(label)) five++;
  }
  return { accuracy: first / right.length, top5: five / right.length, predictions };
}
