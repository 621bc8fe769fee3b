import { hasHooks } from '../autograd.js';
import { runsOwnCode } from '../nn/own-code.js';
import type { Optimizer } from '../optim/optimizer.js';
import { isOwnOptimizer } from '../optim/own-optimizers.js';
import type { Tensor } from '../tensor.js';
import type { Classifier } from './evaluate.js';
import type { LossInput } from './losses/loss.js';

/** What a step is made of. */
export interface TrainingStepOptions {
  model: Classifier;
  optimizer: Optimizer;
  /** Of one image: [channels, height, width]. */
  imageShape: readonly number[];
  /** Whether steps are recorded; where undefined, if the model runs the library's own code. */
  capture: boolean | undefined;
  /** Logits, and what else the loss is to be given. */
  forward: (images: Tensor) => readonly [logits: Tensor, ...others: Tensor[]];
  loss: (input: LossInput) => Tensor;
  /** Whether the loss is the library's own: all that it goes by can be seen. */
  ownLoss: boolean;
  /** Hands to the stream what changes from update to update. Outside what is recorded. */
  advance: () => void;
  /** Enqueues the optimizer's update, clipping included. */
  update: () => void;
  /** Does so for some parameters, whose gradients are whole, in the middle of backward; undefined to do it after that. */
  updateInBackward: ((parameters: readonly Tensor[]) => void) | undefined;
  /** One element, 0 at first: set once a loss is not finite, and the update is to be left out from then on. */
  guard: Tensor | undefined;
  /** Whether a step is several batches. */
  accumulates: boolean;
}

/** What a step computed, once it has run. */
export interface Enqueued {
  values: Promise<{ loss: number; logits: ArrayLike<number> }>;
}

/** A batch's place in its step. */
export interface Place {
  /** Batches in the step. */
  of: number;
  /** From 0. */
  index: number;
}

/** Of a batch that is a step. */
export const ALONE: Place = { of: 1, index: 0 };

/** Whether all that decides how a step runs can be seen. */
export function runsLibraryCode({ model, optimizer, ownLoss }: TrainingStepOptions): boolean {
  if (!ownLoss) return false;
  if (!isOwnOptimizer(optimizer) || optimizer.parameters.some(hasHooks)) return false;
  return runsOwnCode(model) && Object.values(optimizer).every((field) => typeof field !== 'function');
}
