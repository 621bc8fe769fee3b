/** Optimizers, learning-rate schedules and gradient clipping. */
export { AdamW, type AdamWOptions } from './adamw.js';
export { clipGradNorm, gradientNorm } from './clip.js';
export { type LayerDecayGroup, type LayerDecayOptions, layerDecayGroups } from './layer-decay.js';
export { Optimizer, type ParameterGroup } from './optimizer.js';
export { type CosineScheduleOptions, cosineSchedule, type Schedule } from './schedule.js';
export { SGD, type SGDOptions } from './sgd.js';
