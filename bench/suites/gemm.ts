import { kernelWork } from '../kernels/index.js';
import { matmul } from '../kernels/matmul.js';
import { benchModel, tokensOf } from '../model.js';
import type { Suite, SuiteOptions } from '../suite.js';
import type { Case, ModelSizes } from '../work.js';

const MODELS = ['Ti/16', 'S/16', 'B/16'];
const BATCH = 8;

/** The products of a linear layer of (rows,C) to (rows,OC), as its forward and backward ask for them. */
function products(rows: number, inputs: number, outputs: number) {
  return {
    forward: { m: rows, n: outputs, k: inputs, transposeA: 0, transposeB: 1 }, // x weight^T
    dx: { m: rows, n: inputs, k: outputs, transposeA: 0, transposeB: 0 }, // dy weight
    dweight: { m: outputs, n: inputs, k: rows, transposeA: 1, transposeB: 0 }, // dy^T x
  };
}

function layers(model: ModelSizes): Readonly<Record<string, readonly [inputs: number, outputs: number]>> {
  const dim = model.embedDim;
  const hidden = Math.floor(dim * model.mlpRatio);
  return { qkv: [dim, 3 * dim], proj: [dim, dim], fc1: [dim, hidden], fc2: [hidden, dim] };
}

function casesOf(name: string, options: SuiteOptions): Case[] {
  const { sizes } = benchModel(name, options);
  const batch = options.batch ?? BATCH;
  const rows = batch * tokensOf(sizes);
  return Object.entries(layers(sizes)).flatMap(([layer, [inputs, outputs]]) =>
    Object.entries(products(rows, inputs, outputs)).flatMap(([part, params]) => {
      const cost = kernelWork(matmul, { batch: 1, ...params }, false);
      if (cost === undefined) return [];
      const base = { suite: 'gemm', name: `${name} ${layer} ${part}`, model: name, batch: null };
      return [{ ...base, threads: options.threads, ...cost }];
    }),
  );
}

/** The matrix products of a model's linear layers. */
export const gemm: Suite = {
  name: 'gemm',
  description: `matrix products of the linear layers of ${MODELS.join(', ')}, forward and backward`,
  options: ['model', 'batch', 'img', 'patch'],
  hasPeers: true,
  cases: (options) =>
    (options.model === undefined ? MODELS : [options.model]).flatMap((name) => casesOf(name, options)),
};
