import { checkArray, checkNumber, expected, Text } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { relu } from '../../ops/activation.js';
import { tensor } from '../../ops/creation.js';
import { embedding } from '../../ops/embedding.js';
import { untracked } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { numClassesOf } from '../training-data.js';
import { type Loss, type LossInput, ownLoss, type PreparedLoss } from './loss.js';
import { checkSmoothedOnce } from './smoothed-once.js';

/** Options of `losses.binaryCrossEntropy`. */
export interface BinaryCrossEntropyLossOptions {
  /** What a label that holds counts, of one that does not: a number for all classes or one for each. Default 1. */
  posWeight?: number | readonly number[];
  /** The share of labels that is spread over all classes. Default 0. */
  labelSmoothing?: number;
}

const NAMES: OptionNames<BinaryCrossEntropyLossOptions> = { posWeight: true, labelSmoothing: true };

/**
 * Each class by itself, as a yes or no: the mean over images and classes. Labels that are classes become one yes each;
 * a data set's labels may be of several classes (a `Float32Array` of a 0 or 1 for each), or mixed. Evaluation is without
 * smoothing.
 *
 * @throws TypeError for options out of range
 * @see `torch.nn.BCEWithLogitsLoss`; timm's `BinaryCrossEntropy`
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
    prepare: (train) => {
      checkSmoothedOnce(train, smoothing, where);
      const numClasses = numClassesOf(train, where);
      if (weights.length !== 1 && weights.length !== numClasses) {
        throw expected(`${numClasses} numbers`, `${where} posWeight`, new Text(`${weights.length}`));
      }
      return prepared(numClasses, weights, smoothing);
    },
  });
}

/** What a label of each class is as a row: (classes,classes). */
function rowsOf(classes: number, smoothing: number): Tensor {
  const [yes, no] = [1 - smoothing + smoothing / classes, smoothing / classes];
  const rows = Array.from({ length: classes * classes }, (_, at) => (at % (classes + 1) === 0 ? yes : no));
  return untracked(() => tensor(rows, [classes, classes]));
}

function prepared(classes: number, weights: readonly number[], smoothing: number): PreparedLoss {
  const [smooth, plain] = [rowsOf(classes, smoothing), rowsOf(classes, 0)];
  const excess = untracked(() =>
    tensor(
      weights.map((weight) => weight - 1),
      [1, weights.length],
    ),
  );
  const isWeighted = weights.some((weight) => weight !== 1);
  const compute = ({ logits: x, labels }: LossInput, rows: Tensor): Tensor => {
    const target = labels.dtype === 'int32' ? embedding(labels, rows) : labels;
    // log(1 + e^-x), without a large power: of a yes; with x added, of a no
    const soft = relu(x.neg()).add(x.abs().neg().exp().log1p());
    const yesses = isWeighted ? target.mul(excess).add(1).mul(soft) : soft;
    return x.mul(target.neg().add(1)).add(yesses).mean();
  };
  return {
    compute: (input) => compute(input, smooth),
    evaluate: (input) => compute(input, plain),
    takesSeveral: true,
    dispose: () => {
      smooth.dispose();
      plain.dispose();
      excess.dispose();
    },
  };
}
