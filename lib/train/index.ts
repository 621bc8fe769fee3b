/** Training and evaluation. */

export { averageCheckpoints } from './average-checkpoints.js';
export type { Logs, TrainerCallback, TrainingState } from './callbacks.js';
export { Capture } from './capture.js';
export type { CheckpointOptions } from './checkpoint-folder.js';
export { type Compilable, type CompiledModel, type CompileOptions, compile } from './compile.js';
export { type CrossValidateOptions, type CrossValidation, crossValidate, type FoldTraining } from './cross-validate.js';
export { type EmaOptions, ModelEma } from './ema.js';
export type { EpochRecord } from './epoch-record.js';
export { type Classifier, type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { type FindLrOptions, findLr, type LrFinding, type LrStep } from './find-lr.js';
export type { FitResult, StopReason } from './fit-result.js';
export * as loggers from './loggers/index.js';
export * as losses from './losses/index.js';
export { MeanIoU, type MeanIoUOptions, type Segmented } from './mean-iou.js';
export type { Metric, MetricChoice, MetricName, MetricValue, Outcome } from './metric-set.js';
export type { EarlyStoppingOptions } from './monitor.js';
export { type GradientNorms, type LossSite, NonFiniteLossError } from './non-finite.js';
export { startTrace, stopTrace, type TraceOptions, writeTrace } from './trace.js';
export { Trainer } from './trainer.js';
export type { Progress, TrainerOptions } from './trainer-options.js';
export type { DataFacts, TrainingData } from './training-data.js';
export { updateTeacher } from './update-teacher.js';
export type { AugmentedViews, TestTimeAugmentation } from './views.js';
