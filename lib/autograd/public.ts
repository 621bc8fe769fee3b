/** What users see of differentiation, as `autograd`. @see `torch.autograd` */

export { detectAnomaly, isAnomalyEnabled, setDetectAnomaly } from './anomaly.js';
export { type BackwardOptions, backward } from './backward.js';
export { type BackwardResult, Function, type FunctionClass, type FunctionContext } from './function.js';
export { type GradOptions, grad } from './grad.js';
export { registerHook, retainGrad } from './hooks.js';
export { enableGrad, noGrad } from './recording.js';
export type { Hook, HookHandle } from './watchers.js';
