/** Training and evaluation. */
export { Capture } from './capture.js';
export { type Classifier, type Evaluation, evaluate } from './evaluate.js';
export { startTrace, stopTrace, writeTrace } from './trace.js';
export { type EpochRecord, type FitResult, type Progress, Trainer, type TrainerOptions } from './trainer.js';
