import { KERNELS, kernelWork } from '../kernels/index.js';
import { shapesOf } from '../kernels/kernel-bench.js';
import { benchModel } from '../model.js';
import type { Suite } from '../suite.js';
import type { Case } from '../work.js';

const MODEL = 'S/16';
const BATCH = 8;

/** Each op at the shapes that a model has it in. */
export const kernels: Suite = {
  name: 'kernels',
  description: `each op at the shapes of ${MODEL}, forward and with backward`,
  options: ['model', 'batch', 'img', 'patch', 'classes'],
  hasPeers: true,
  cases: (options) => {
    const { name, sizes } = benchModel(options.model ?? MODEL, options);
    const shapes = shapesOf(sizes, options.batch ?? BATCH);
    return KERNELS.flatMap((bench) => {
      const params = bench.params(shapes);
      return [false, true].flatMap((backward): Case[] => {
        const cost = kernelWork(bench, params, backward);
        if (cost === undefined) return [];
        const passes = backward ? ' fwd+bwd' : bench.flops(params).backward === null ? '' : ' fwd';
        const base = { suite: 'kernels', name: `${bench.op}${passes}`, model: name, batch: null };
        return [{ ...base, threads: options.threads, ...cost }];
      });
    });
  },
};
