import type { Suite } from '../suite.js';
import { wholeModel } from '../whole-model.js';
import { modelCase } from './model-cases.js';

const MODELS = [
  { name: 'digits', batch: 64 },
  { name: 'Ti/4', batch: 128, img: 32, classes: 10 }, // as on CIFAR-10
  { name: 'Ti/16', batch: 8 },
  { name: 'S/16', batch: 8 },
  { name: 'B/16', batch: 8 },
  { name: 'Swin-T', batch: 8 },
];

/** Whole training steps: forward, cross-entropy, backward, SGD with momentum. */
export const train: Suite = {
  name: 'train',
  description: `training steps of ${MODELS.map(({ name }) => name).join(', ')}, or of one --model`,
  options: ['model', 'batch', 'img', 'patch', 'classes'],
  hasPeers: true,
  precisions: ['fp32', 'bf16'],
  cases: (options) => {
    const known = MODELS.filter(({ name }) => name === options.model);
    const models =
      options.model === undefined ? MODELS : known.length > 0 ? known : [{ name: options.model, batch: 8 }];
    return models.map(({ name, batch, ...own }) => {
      const model = wholeModel(name, { ...own, ...options });
      return modelCase('train', 'train', model, options.batch ?? batch, options.threads);
    });
  },
};
