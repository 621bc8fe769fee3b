import type { BenchModel } from '../model.js';
import { type WholeSizes, wholeFlops } from '../whole-model.js';
import type { Case } from '../work.js';

// Backward makes two products for each of forward's.
const TRAIN_OVER_FORWARD = 3;

/** The case of a model's whole step. */
export function modelCase(
  suite: string,
  kind: 'train' | 'infer',
  model: BenchModel<WholeSizes>,
  batch: number,
  threads: number,
  name = `${model.name} ${model.sizes.imgSize}px batch ${batch}`,
): Case {
  const flops = batch * wholeFlops(model.sizes) * (kind === 'train' ? TRAIN_OVER_FORWARD : 1);
  const work = { kind, model: model.sizes, batch } as const;
  return { suite, name, model: model.name, batch, threads, work, flops, bytes: null };
}
