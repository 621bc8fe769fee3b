import { checkNumber } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { tensor } from '../../ops/creation.js';
import { crossEntropy as op } from '../../ops/cross-entropy.js';
import { embedding } from '../../ops/embedding.js';
import { untracked } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { type ClassWeights, classWeights } from './class-weights.js';
import { type Loss, type LossInput, ownLoss, type PreparedLoss } from './loss.js';
import { checkSmoothedOnce } from './smoothed-once.js';

/** Options of `losses.crossEntropy`. */
export interface CrossEntropyLossOptions {
  /** The share of probability spread over all classes. Default 0. */
  labelSmoothing?: number;
  /** How much each class counts. Default: all the same. */
  classWeights?: ClassWeights;
}

const NAMES: OptionNames<CrossEntropyLossOptions> = { labelSmoothing: true, classWeights: true };

/**
 * Cross-entropy with labels or soft targets, smoothing and class weights: the mean, weighted by the classes of the labels.
 * That of an epoch or an evaluation is weighted likewise: by all its labels, as if it were one batch.
 * Of targets, such as mixup's, a class's share counts by its weight, and the mean is over images. Evaluation is without
 * smoothing, as timm's, so that runs can be compared.
 *
 * @throws TypeError for options out of range, and for weights that do not fit the data set when training begins
 * @see `torch.nn.CrossEntropyLoss`
 */
export function crossEntropy(options: CrossEntropyLossOptions = {}): Loss {
  const where = 'losses.crossEntropy';
  checkOptions(options, NAMES, where);
  const labelSmoothing = checkNumber(options.labelSmoothing ?? 0, `${where} labelSmoothing`, 0, 1);
  const { classWeights: chosen } = options;
  return ownLoss({
    name: 'cross-entropy',
    prepare: (train) => {
      checkSmoothedOnce(train, labelSmoothing, where);
      if (chosen === undefined) {
        return {
          compute: ({ logits, labels }) => op(logits, labels, { labelSmoothing }),
          evaluate: ({ logits, labels }) => op(logits, labels),
          dispose: () => undefined,
        };
      }
      return weighted(classWeights(chosen, train, where), labelSmoothing);
    },
  });
}

/**
 * The labels' share of each loss counts by the label's weight, the smoothing's by all weights:
 * ((1 - s) sum w[y] nll + s/C sum_i sum_c w[c] nll_c) / sum w[y].
 */
function weighted(weights: readonly number[], labelSmoothing: number): PreparedLoss {
  const classes = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const column = untracked(() => tensor(weights, [classes, 1]));
  const shares = untracked(() =>
    tensor(
      weights.map((weight) => weight / total),
      [1, classes],
    ),
  );
  const ofTargets = (logits: Tensor, targets: Tensor, smoothing: number): Tensor => {
    const smoothed = smoothing === 0 ? targets : targets.mul(1 - smoothing).add(smoothing / classes);
    return op(logits, smoothed.mul(shares), { reduction: 'sum' }).mul(total / logits.shape[0]);
  };
  const compute = ({ logits, labels }: LossInput, smoothing: number): Tensor => {
    if (labels.dtype === 'float32') return ofTargets(logits, labels, smoothing);
    const rows = logits.shape[0];
    const own = embedding(labels, column).reshape([rows]);
    const sum = own.mul(op(logits, labels, { reduction: 'none' })).sum();
    if (smoothing === 0) return sum.div(own.sum());
    const spread = op(logits, shares.expand([rows, classes]), { reduction: 'sum' });
    return sum
      .mul(1 - smoothing)
      .add(spread.mul((smoothing * total) / classes))
      .div(own.sum());
  };
  return {
    compute: (input) => compute(input, labelSmoothing),
    evaluate: (input) => compute(input, 0),
    weightOf: (labels, count) =>
      labels instanceof Int32Array ? labels.reduce((sum, label) => sum + weights[label], 0) : count,
    dispose: () => {
      column.dispose();
      shares.dispose();
    },
  };
}
