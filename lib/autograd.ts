/**
 * Reverse-mode differentiation at the granularity of ops. Each op that runs on a tensor requiring a gradient leaves a
 * node; `backward` and `grad` walk the nodes newest first and release what they saved as they go.
 * @see torch.autograd
 */

/** @internal */
export { backwardInTurn } from './autograd/backward.js';
/** @internal */
export { hasHooks, leafHookChanges } from './autograd/hooks.js';
/** @internal */
export { recordChange, willChange } from './autograd/in-place.js';
/** @internal */
export { graphOrder, leavesSince } from './autograd/leaves.js';
export * from './autograd/public.js';
/** @internal */
export { record, recordAll } from './autograd/record.js';
/** @internal */
export { isRecording, needsGrad, tell, watchOps } from './autograd/recording.js';
export type { GradientRule, Gradients, Remake } from './autograd/rule.js';
