import { checkArray, checkNumber, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { relu } from '../../ops/activation.js';
import { tensor } from '../../ops/creation.js';
import { embedding } from '../../ops/embedding.js';
import { untracked } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { type Loss, type LossInput, ownLoss } from './loss.js';

/** Options of `losses.binaryCrossEntropy`. */
export interface BinaryCrossEntropyLossOptions {
  /** What a label that holds counts, of one that does not: a number for all classes or one for each. Default 1. */
  posWeight?: number | readonly number[];
  /** The share of labels that is spread over all classes. Default 0. */
  labelSmoothing?: number;
}

const NAMES: OptionNames<BinaryCrossEntropyLossOptions> = { posWeight: true, labelSmoothing: true };

/**
 * Each class by itself, as a yes or no: the mean over images and classes. Labels that are classes become one yes each.
 *
 * @throws TypeError for options out of range
 * Counterpart: `torch.nn.BCEWithLogitsLoss`; timm's `BinaryCrossEntropy`.
 */
export function binaryCrossEntropy(options: BinaryCrossEntropyLossOptions = {}): Loss {
  const where = 'losses.binaryCrossEntropy';
  checkOptions(options, NAMES, where);
  const smoothing = checkNumber(options.labelSmoothing ?? 0, `${where} labelSmoothing`, 0, 1);
  const { posWeight = 1 } = options;
  const given = typeof posWeight === 'number' ? [posWeight] : checkArray(posWeight, 'numbers', `${where} posWeight`);
  const weights = given.map((weight) => checkNumber(weight, `${where} posWeight`, 0));
  return ownLoss({
    name: 'binary cross-entropy',
    prepare: ({ numClasses }) => {
      if (weights.length !== 1 && weights.length !== numClasses) {
        throw expected(`${numClasses} numbers`, `${where} posWeight`, new Text(`${weights.length}`));
      }
      return prepared(numClasses, weights, smoothing);
    },
  });
}

function prepared(classes: number, weights: readonly number[], smoothing: number): ReturnType<Loss['prepare']> {
  const [yes, no] = [1 - smoothing + smoothing / classes, smoothing / classes];
  const rows = Array.from({ length: classes * classes }, (_, at) => (at % (classes + 1) === 0 ? yes : no));
  const targets = untracked(() => tensor(rows, [classes, classes]));
  const excess = untracked(() =>
    tensor(
      weights.map((weight) => weight - 1),
      [1, weights.length],
    ),
  );
  const isWeighted = weights.some((weight) => weight !== 1);
  const compute = ({ logits: x, labels }: LossInput): Tensor => {
    const target = labels.dtype === 'int32' ? embedding(labels, targets) : labels;
    // log(1 + e^-x), without a large power: of a yes; with x added, of a no
    const soft = relu(x.neg()).add(x.abs().neg().exp().log1p());
    const yesses = isWeighted ? target.mul(excess).add(1).mul(soft) : soft;
    return x.mul(target.neg().add(1)).add(yesses).mean();
  };
  return {
    compute,
    dispose: () => {
      targets.dispose();
      excess.dispose();
    },
  };
}
