import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchModel, benchModel } from '../model.js';
import type { Suite } from '../suite.js';
import type { Case } from '../work.js';
import { modelCase } from './model-cases.js';

const MODELS = [
  { name: 'cifar', batch: 128 },
  { name: 'Ti/16', batch: 8 },
];

// Photographs of the size that ImageNet's have on average, for models of 224 pixels; others in proportion.
const PHOTOGRAPH = { height: 375, width: 500, side: 224 };
// Images of this size and below come as they are.
const MOST_SMALL_SIDE = 64;
// Batches in an epoch.
const BATCHES = 8;

/** Whole training steps on images of files: how much of the engine's speed is left. */
export const feed: Suite = {
  name: 'feed',
  description: `training steps on JPEGs, of ${MODELS.map(({ name }) => name).join(', ')}, or of one --model; "engine" takes the same steps on one batch: its "times" is the share of its speed that is reached`,
  options: ['model', 'batch', 'img', 'patch', 'classes'],
  hasPeers: true,
  beside: ['engine'],
  cases: (options) => {
    const known = MODELS.filter(({ name }) => name === options.model);
    const models =
      options.model === undefined ? MODELS : known.length > 0 ? known : [{ name: options.model, batch: 8 }];
    return models.flatMap(({ name, batch }) => {
      const model = benchModel(name, { classes: 10, ...options });
      return [true, false].map((cached) => feedCase(model, options.batch ?? batch, options.threads, cached));
    });
  },
};

function feedCase(model: BenchModel, batch: number, threads: number, cached: boolean): Case {
  const { imgSize, inChans } = model.sizes;
  const isSmall = imgSize <= MOST_SMALL_SIDE;
  const scaled = (side: number): number => Math.round((side * imgSize) / PHOTOGRAPH.side);
  const height = isSmall ? imgSize : scaled(PHOTOGRAPH.height);
  const width = isSmall ? imgSize : scaled(PHOTOGRAPH.width);
  const photographs = { height, width, channels: inChans, count: BATCHES * batch };
  const folder = join(tmpdir(), 'vitrine-bench-photographs', `${Object.values(photographs).join('x')}`);
  const name = `${model.name} ${imgSize}px batch ${batch} ${cached ? 'cached' : 'uncached'}`;
  const step = modelCase('feed', 'train', model, batch, threads, name);
  // As photographs are trained on: RandAugment, crops and mixup; small images with crops alone.
  const work = { kind: 'feed', model: model.sizes, batch, folder, photographs, cached, strong: !isSmall } as const;
  return { ...step, work };
}
