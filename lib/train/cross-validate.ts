import { checkFunction, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { ArrayDataset } from '../data/dataset.js';
import type { Dataset } from '../data/sets/dataset.js';
import { folds, type KFoldOptions } from '../data/sets/folds.js';
import type { EpochRecord } from './epoch-record.js';
import type { FitResult } from './fit-result.js';
import { Trainer } from './trainer.js';
import type { TrainerOptions } from './trainer-options.js';

/** Options of `crossValidate`. */
export interface CrossValidateOptions extends KFoldOptions {
  /** How many. Default 5. */
  folds?: number;
}

const NAMES: OptionNames<CrossValidateOptions> = { folds: true, seed: true, stratify: true };

/** What a fold is trained with: the Trainer's options, but for the data, which are the fold's. */
export type FoldTraining = Omit<TrainerOptions, 'train' | 'test' | 'validationSplit'>;

/** How a training does on data that it does not see, over all folds. */
export interface CrossValidation {
  /** What each fold's `fit` gave. */
  readonly results: readonly FitResult[];
  /** Of the last evaluation of each fold: loss, accuracy and metrics that are numbers, by their names in an `EpochRecord`. */
  readonly mean: Readonly<Record<string, number>>;
  /** Their standard deviations over the folds, as NumPy's: of the folds themselves, not of a sample. */
  readonly std: Readonly<Record<string, number>>;
}

/**
 * Trains once for each fold of a data set, on all the others, and evaluates on the fold.
 *
 * @param makeTraining gives a fold's options, with a model and an optimizer of its own; they stay the caller's
 * @throws TypeError as `data.folds` and `Trainer`, and where a fold's training was not evaluated; whatever `fit` throws
 * @see scikit-learn's `cross_validate`
 * @example
 * const { mean, std } = await crossValidate(dataset, () => ({ model, optimizer, batchSize: 64, epochs: 10 }));
 */
export async function crossValidate(
  dataset: Dataset | ArrayDataset,
  makeTraining: (fold: number) => FoldTraining | Promise<FoldTraining>,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  checkOptions(options, NAMES, 'crossValidate');
  checkFunction(makeTraining, 'crossValidate makeTraining');
  const { folds: count = 5, ...chosen } = options;
  const results: FitResult[] = [];
  const models = new Set<unknown>();
  for (const [index, [train, test]] of (await folds(dataset, count, chosen)).entries()) {
    const training = await makeTraining(index);
    if (models.has(training?.model)) {
      const advice = 'One that has seen the other folds knows this one already.';
      throw expected('a model for each fold', 'crossValidate', new Text('one again'), advice);
    }
    models.add(training?.model);
    results.push(await new Trainer({ ...training, train, test }).fit());
  }
  const scores = results.map(({ history }) => scoresOf(history.at(-1)));
  const names = Object.keys(scores[0]);
  const mean = byName(names, (name) => meanOf(scores.map((one) => one[name])));
  const std = byName(names, (name) => Math.sqrt(meanOf(scores.map((one) => (one[name] - mean[name]) ** 2))));
  return { results, mean, std };
}

function scoresOf(record: EpochRecord | undefined): Record<string, number> {
  if (record?.testLoss === undefined || record.testAccuracy === undefined) {
    throw expected(
      'trainings that are evaluated after their last epoch',
      'crossValidate',
      new Text('one that ended before'),
    );
  }
  return { testLoss: record.testLoss, testAccuracy: record.testAccuracy, ...record.metrics };
}

function byName(names: readonly string[], of: (name: string) => number): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
