import './node-version.js';
import './methods.js';
import './io/pretrained/pretrained.js';

export * as autograd from './autograd/public.js';
export { backward, detectAnomaly, enableGrad, grad, noGrad } from './autograd.js';
export * as data from './data/index.js';
export * as features from './features/index.js';
export {
  emptyCache,
  getThreads,
  type Info,
  info,
  type MemoryFacts,
  type MemoryUse,
  memory,
  resetPeakMemory,
  setThreads,
} from './info.js';
export * as io from './io/index.js';
export { Model } from './io/pretrained/model.js';
export type { TraceEvent } from './native.js';
export * as nn from './nn/index.js';
export type { ViTConfig, ViTOptions } from './nn/vit/config.js';
export { ViT } from './nn/vit/vit.js';
export {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './ops/creation.js';
export { Generator, type RandomOptions } from './ops/generator.js';
export * as F from './ops/index.js';
export {
  bernoulli,
  manualSeed,
  type RandomTensorOptions,
  rand,
  randint,
  randn,
  randomState,
  setRandomState,
} from './ops/random.js';
export { type MultinomialOptions, multinomial, randperm } from './ops/sampling.js';
export * as optim from './optim/index.js';
export { autocast, type Precision, type PrecisionChoice, type TrainingPrecision } from './precision.js';
export * as render from './render/index.js';
export { HtmlReport, type HtmlReportOptions } from './report/html-report.js';
export type { ReportFact } from './report/report-data.js';
export { keep, type Scoped, scope, untracked } from './scope.js';
export { background, fence, reset, StreamError, synchronize } from './stream.js';
export type { DataOf, DType, NestedNumbers, Tensor, TensorData } from './tensor.js';
export { averageCheckpoints } from './train/average-checkpoints.js';
export type { Logs, TrainerCallback, TrainingState } from './train/callbacks.js';
export { Capture } from './train/capture.js';
export type { CheckpointOptions } from './train/checkpoint-folder.js';
export { type Compilable, type CompiledModel, type CompileOptions, compile } from './train/compile.js';
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
  type FoldTraining,
} from './train/cross-validate.js';
export { type EmaOptions, ModelEma } from './train/ema.js';
export type { EpochRecord } from './train/epoch-record.js';
export { type Classifier, type EvaluateOptions, type Evaluation, evaluate } from './train/evaluate.js';
export { type FindLrOptions, findLr, type LrFinding, type LrStep } from './train/find-lr.js';
export type { FitResult, StopReason } from './train/fit-result.js';
export * as loggers from './train/loggers/index.js';
export * as losses from './train/losses/index.js';
export { MeanIoU, type MeanIoUOptions, type Segmented } from './train/mean-iou.js';
export type { Metric, MetricChoice, MetricName, MetricValue, Outcome } from './train/metric-set.js';
export type { EarlyStoppingOptions } from './train/monitor.js';
export { type GradientNorms, type LossSite, NonFiniteLossError } from './train/non-finite.js';
export { startTrace, stopTrace, type TraceOptions, writeTrace } from './train/trace.js';
export { Trainer } from './train/trainer.js';
export type { Progress, TrainerOptions } from './train/trainer-options.js';
export type { DataFacts, TrainingData } from './train/training-data.js';
export { updateTeacher } from './train/update-teacher.js';
export type { AugmentedViews, TestTimeAugmentation } from './train/views.js';
