import { benchModel, tokensOf } from '../model.js';
import type { Suite, SuiteOptions } from '../suite.js';
import type { Case, ModelSizes } from '../work.js';
import { modelCase } from './model-cases.js';

const MODEL = 'Ti/16';
const BATCH = 4;
const BATCHES = [1, 2, 4, 8, 16];
// Of the model's own sizes: Ti/16 goes from 224 to 896 pixels, from width 192 to 768, from 3 to 24 blocks.
const IMAGE_FACTORS = [1, 1.5, 2, 3, 4];
const WIDTH_FACTORS = [1, 2, 3, 4];
const DEPTH_FACTORS = [1 / 4, 1 / 2, 1, 2];

interface Point {
  readonly sizes?: Partial<ModelSizes>;
  readonly batch?: number;
  readonly threads?: number;
}

type AxisName = 'tokens' | 'width' | 'depth' | 'batch' | 'threads';

/** One axis: training steps of a model in which one size varies. */
function axis(name: AxisName, points: readonly Point[], options: SuiteOptions): Case[] {
  const base = benchModel(options.model ?? MODEL, options);
  return points.map((point) => {
    const { batch = options.batch ?? BATCH, threads = options.threads } = point;
    const sizes = { ...base.sizes, ...point.sizes };
    const value = { tokens: tokensOf(sizes), width: sizes.embedDim, depth: sizes.depth, batch, threads }[name];
    const item = modelCase('scale', 'train', { name: base.name, sizes }, batch, threads, `${name} ${value}`);
    return { ...item, axis: { name, value } };
  });
}

/** The axis of the number of tokens. */
export function tokenCases(options: SuiteOptions): Case[] {
  const { imgSize, patchSize } = benchModel(options.model ?? MODEL, options).sizes;
  const images = IMAGE_FACTORS.map((factor) => factor * imgSize).filter((size) => size % patchSize === 0);
  return axis(
    'tokens',
    images.map((size) => ({ sizes: { imgSize: size } })),
    options,
  );
}

function powersOfTwo(most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power < most; power *= 2) powers.push(power);
  return [...powers, most];
}

/** What a training step costs as one size grows, with the fitted exponent. */
export const scale: Suite = {
  name: 'scale',
  description: `cost of a training step of ${MODEL} against tokens, width, depth, batch and threads`,
  options: ['model', 'batch', 'img', 'patch', 'classes'],
  hasPeers: true,
  precisions: ['fp32', 'bf16'],
  predicts: true,
  cases: (options, { cpus }) => {
    const { embedDim, numHeads, depth } = benchModel(options.model ?? MODEL, options).sizes;
    const depths = DEPTH_FACTORS.map((factor) => factor * depth).filter(Number.isInteger);
    return [
      ...tokenCases(options),
      ...axis(
        'width',
        WIDTH_FACTORS.map((factor) => ({ sizes: { embedDim: factor * embedDim, numHeads: factor * numHeads } })),
        options,
      ),
      ...axis(
        'depth',
        depths.map((value) => ({ sizes: { depth: value } })),
        options,
      ),
      ...axis(
        'batch',
        BATCHES.map((batch) => ({ batch })),
        options,
      ),
      ...axis(
        'threads',
        powersOfTwo(cpus).map((threads) => ({ threads })),
        options,
      ),
    ];
  },
};
