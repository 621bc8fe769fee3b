import { benchModel } from '../model.js';
import type { Suite } from '../suite.js';
import { modelCase } from './model-cases.js';

/** A model so small that overhead is all there is to measure. */
export const tiny: Suite = {
  name: 'tiny',
  description: 'a training step and a forward pass of an 8x8 model of width 8: overhead alone',
  options: ['batch'],
  hasPeers: true,
  precisions: ['fp32', 'bf16'],
  cases: ({ batch = 1, threads }) =>
    (['train', 'infer'] as const).map((kind) =>
      modelCase('tiny', kind, benchModel('tiny'), batch, threads, `tiny ${kind} batch ${batch}`),
    ),
};
