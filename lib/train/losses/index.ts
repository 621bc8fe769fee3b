/** Losses for the Trainer. */
export { type BinaryCrossEntropyLossOptions, binaryCrossEntropy } from './binary-cross-entropy.js';
export type { ClassWeights } from './class-weights.js';
export { type CrossEntropyLossOptions, crossEntropy } from './cross-entropy.js';
export { type DistillationLossOptions, distillation } from './distillation.js';
export { type FocalLossOptions, focal } from './focal.js';
export type { Loss, LossFunction, LossInput, PreparedLoss } from './loss.js';
