import { benchModel } from '../model.js';
import type { Suite } from '../suite.js';
import { modelCase } from './model-cases.js';

const MODELS = ['Ti/16', 'S/16', 'B/16'];
const BATCHES = [1, 8];

/** Forward passes: the latency of one image, the throughput of several. */
export const infer: Suite = {
  name: 'infer',
  description: `forward passes of ${MODELS.join(', ')}, on 1 image and on 8`,
  options: ['model', 'batch', 'img', 'patch', 'classes'],
  hasPeers: true,
  precisions: ['fp32', 'bf16', 'int8'],
  cases: (options) =>
    (options.model === undefined ? MODELS : [options.model]).flatMap((name) =>
      (options.batch === undefined ? BATCHES : [options.batch]).map((batch) =>
        modelCase('infer', 'infer', benchModel(name, options), batch, options.threads),
      ),
    ),
};
