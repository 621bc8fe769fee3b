import { expected } from '../../check.js';
import type { Tensor } from '../../tensor.js';
import type { Classifier } from '../evaluate.js';
import type { DataFacts } from '../training-data.js';

/**
 * A loss of your own: logits (N,classes), labels (N) int32, or (N,classes) float32 where they are mixed or several, and
 * images (N,C,H,W) to one element.
 */
export type LossFunction = (logits: Tensor, labels: Tensor, images: Tensor) => Tensor;

/** What a loss sees of a batch. */
export interface LossInput {
  /** (N,classes) */
  readonly logits: Tensor;
  /** What else the loss's own `forward` gave. */
  readonly others: readonly Tensor[];
  /** (N) int32, or (N,classes) float32 */
  readonly labels: Tensor;
  /** (N,C,H,W) */
  readonly images: Tensor;
}

/** A loss, made ready for a training. */
export interface PreparedLoss {
  /** One element. */
  compute(input: LossInput): Tensor;
  /** The same for an evaluation, where that is another: without label smoothing, or a teacher. */
  evaluate?(input: LossInput): Tensor;
  /** What a batch counts in the mean over batches. Default: its images. */
  weightOf?(labels: Int32Array | Float32Array, count: number): number;
  /** Whether labels (N,classes) are a yes or no of each class by itself, and logits are read by a sigmoid then. */
  readonly takesSeveral?: boolean;
  /** In the place of the model's `forward`, where the loss needs more than logits; logits first. */
  forward?(model: Classifier, images: Tensor): readonly [logits: Tensor, ...others: Tensor[]];
  /** Gives back what it holds. */
  dispose(): void;
}

/** A loss of the library's; see `losses`. */
export interface Loss {
  /** The loss's name, as in reports. */
  readonly name: string;
  /** Makes it ready for the data that are trained on; throws where it does not fit them. */
  prepare(train: DataFacts): PreparedLoss;
}

const own = new WeakSet<object>();

/** @internal Notes a loss of the library's, all of whose decisions are made when it is. */
export function ownLoss(loss: Loss): Loss {
  own.add(loss);
  return loss;
}

/** @internal Whether a loss is the library's: a function of the user's may go by anything. */
export function isOwnLoss(loss: Loss | LossFunction): boolean {
  return own.has(loss);
}

/** Throws unless a value is a loss. */
export function checkLoss(loss: unknown, where: string): void {
  if (typeof loss === 'function') return;
  if (typeof loss === 'object' && loss !== null && 'prepare' in loss && typeof loss.prepare === 'function') return;
  throw expected('a loss, such as losses.crossEntropy(), or a function', where, loss);
}
