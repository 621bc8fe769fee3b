import { crossEntropy } from './losses/cross-entropy.js';
import type { Loss, LossFunction, PreparedLoss } from './losses/loss.js';
import type { DataFacts } from './training-data.js';

/** How a loss is chosen. */
interface LossChoice {
  loss?: Loss | LossFunction;
  labelSmoothing?: number;
}

/** The loss of a training, made ready for its data set. */
export function prepareLoss(options: LossChoice, facts: DataFacts): PreparedLoss {
  const loss = lossOf(options);
  return typeof loss === 'function' ? ofFunction(loss) : loss.prepare(facts);
}

/** The loss that options come to. */
export function lossOf({ loss, labelSmoothing = 0 }: LossChoice): Loss | LossFunction {
  return loss ?? crossEntropy({ labelSmoothing });
}

function ofFunction(loss: LossFunction): PreparedLoss {
  return { compute: ({ logits, labels, images }) => loss(logits, labels, images), dispose: () => undefined };
}
