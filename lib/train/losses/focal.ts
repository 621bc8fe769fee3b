import { checkNumber } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { tensor } from '../../ops/creation.js';
import { crossEntropy } from '../../ops/cross-entropy.js';
import { embedding } from '../../ops/embedding.js';
import { logSoftmax } from '../../ops/reductions.js';
import { untracked } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { type ClassWeights, classWeights } from './class-weights.js';
import { type Loss, type LossInput, ownLoss } from './loss.js';

/** Options of `losses.focal`. */
export interface FocalLossOptions {
  /** How much less an image counts that the model is sure of. Default 2. */
  gamma?: number;
  /** How much each class counts, alpha in the paper. Default: all the same. */
  classWeights?: ClassWeights;
}

const NAMES: OptionNames<FocalLossOptions> = { gamma: true, classWeights: true };

/**
 * Cross-entropy in which images count the less the better they are known: the mean of w[y] (1 - p)^gamma nll. Of targets,
 * such as mixup's, it is the sum over the classes, each by its share.
 *
 * @throws TypeError for options out of range
 * @see Lin et al. 2017
 */
export function focal(options: FocalLossOptions = {}): Loss {
  const where = 'losses.focal';
  checkOptions(options, NAMES, where);
  const gamma = checkNumber(options.gamma ?? 2, `${where} gamma`, 0);
  const { classWeights: chosen } = options;
  return ownLoss({
    name: 'focal',
    prepare: (train) => {
      const weights = chosen === undefined ? undefined : classWeights(chosen, train, where);
      const column = weights && untracked(() => tensor(weights, [weights.length, 1]));
      const row = weights && untracked(() => tensor(weights, [1, weights.length]));
      const ofTargets = (logits: Tensor, targets: Tensor): Tensor => {
        const nll = logSoftmax(logits).neg();
        const focused = nll.neg().exp().neg().add(1).pow(gamma).mul(nll).mul(targets);
        return (row ? focused.mul(row) : focused).sum().div(logits.shape[0]);
      };
      const compute = ({ logits, labels }: LossInput): Tensor => {
        if (labels.dtype === 'float32') return ofTargets(logits, labels);
        const nll = crossEntropy(logits, labels, { reduction: 'none' });
        const focused = nll.neg().exp().neg().add(1).pow(gamma).mul(nll);
        return (column ? focused.mul(embedding(labels, column).reshape([logits.shape[0]])) : focused).mean();
      };
      const dispose = (): void => {
        column?.dispose();
        row?.dispose();
      };
      return { compute, dispose };
    },
  });
}
