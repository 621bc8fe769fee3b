/** Training and evaluation. */
export { Capture } from './capture.js';
export { type Classifier, type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { NonFiniteLossError } from './non-finite.js';
export { startTrace, stopTrace, writeTrace } from './trace.js';
export { type FitResult, Trainer } from './trainer.js';
export type { EpochRecord, Progress, TrainerOptions } from './trainer-options.js';
