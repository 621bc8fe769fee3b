/** Optimizers, learning-rate schedules and gradient clipping. */
export { Adam, type AdamOptions } from './adam.js';
export { AdamW, type AdamWOptions } from './adamw.js';
export { clipGradNorm, clipGradValue, type GradientNorm, gradientNorm } from './clip.js';
export { type CosineScheduleOptions, cosineSchedule } from './cosine-schedule.js';
export { Lamb, type LambOptions } from './lamb.js';
export { type LayerDecayGroup, type LayerDecayOptions, layerDecayGroups } from './layer-decay.js';
export { Lion, type LionOptions } from './lion.js';
export { type OneCycleScheduleOptions, oneCycleSchedule } from './one-cycle-schedule.js';
export { Optimizer, type Work } from './optimizer.js';
export type { LiveGroup, ParameterGroup } from './parameter-group.js';
export { type PlateauScheduleOptions, plateauSchedule } from './plateau-schedule.js';
export { type LinearScheduleOptions, linearSchedule, type PolyScheduleOptions, polySchedule } from './poly-schedule.js';
export type { Schedule, ScheduleState, WarmupOptions } from './schedule.js';
export { SGD, type SGDOptions } from './sgd.js';
export {
  constantSchedule,
  type MultiStepScheduleOptions,
  multiStepSchedule,
  type StepScheduleOptions,
  stepSchedule,
} from './step-schedule.js';
