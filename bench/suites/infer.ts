import type { Suite } from '../suite.js';
import { wholeModel } from '../whole-model.js';
import { modelCase } from './model-cases.js';

const MODELS = ['Ti/16', 'S/16', 'B/16'];
const BATCHES = [1, 8];
/** Others, each with the batch that it is asked for most with. */
const OTHERS = [
  { name: 'Swin-T', batch: 8 },
  { name: 'DINOv2-S/14', batch: 1 },
];

/** Forward passes: the latency of one image, the throughput of several. */
export const infer: Suite = {
  name: 'infer',
  description: `forward passes of ${MODELS.join(', ')}, on 1 image and on 8; ${OTHERS.map(({ name, batch }) => `${name} on ${batch}`).join(', ')}`,
  options: ['model', 'batch', 'img', 'patch', 'classes'],
  hasPeers: true,
  precisions: ['fp32', 'bf16', 'int8'],
  cases: (options) => {
    const each = (options.model === undefined ? MODELS : [options.model]).flatMap((name) =>
      (options.batch === undefined ? BATCHES : [options.batch]).map((batch) => ({ name, batch })),
    );
    const others = options.model === undefined ? OTHERS : [];
    return [...each, ...others].map(({ name, batch }) =>
      modelCase('infer', 'infer', wholeModel(name, options), options.batch ?? batch, options.threads),
    );
  },
};
