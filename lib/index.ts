import './node-version.js';
import './methods.js';

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
export { ViT, type ViTConfig, type ViTOptions } from './nn/index.js';
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
export {
  type AugmentedViews,
  averageCheckpoints,
  Capture,
  type CheckpointOptions,
  type Classifier,
  type Compilable,
  type CompiledModel,
  type CompileOptions,
  type CrossValidateOptions,
  type CrossValidation,
  compile,
  crossValidate,
  type DataFacts,
  type EarlyStoppingOptions,
  type EmaOptions,
  type EpochRecord,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type FindLrOptions,
  type FitResult,
  type FoldTraining,
  findLr,
  type GradientNorms,
  type Logs,
  type LossSite,
  type LrFinding,
  type LrStep,
  loggers,
  losses,
  MeanIoU,
  type MeanIoUOptions,
  type Metric,
  type MetricChoice,
  type MetricName,
  type MetricValue,
  ModelEma,
  NonFiniteLossError,
  type Outcome,
  type Progress,
  type Segmented,
  type StopReason,
  startTrace,
  stopTrace,
  type TestTimeAugmentation,
  type TraceOptions,
  Trainer,
  type TrainerCallback,
  type TrainerOptions,
  type TrainingData,
  type TrainingState,
  updateTeacher,
  writeTrace,
} from './train/index.js';
