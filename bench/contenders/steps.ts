import {
  autocast,
  Capture,
  F,
  fence,
  noGrad,
  optim,
  randint,
  randn,
  scope,
  untracked,
  zeros,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { kernelBench } from '../kernels/index.js';
import { buildModel, type WholeSizes } from '../whole-model.js';
import type { Params, Precision, Work } from '../work.js';
import { feedStep } from './feed-step.js';

/** Something to time: enqueues one step, or runs it where it gives a promise. */
export type Step = () => void | Promise<void>;

/** vitrine's step for a work, recorded once and then replayed, as the Trainer does. */
export function prepareStep(work: Work, precision: Precision, isEngine = false): Promise<Step> {
  switch (work.kind) {
    case 'peak': {
      const results = zeros([work.tiles]);
      const { tiles, flopsPerTile: flops } = work;
      const bf16 = work.precision === 'bf16';
      return Promise.resolve(() => native.peakFma({ y: results, tiles, flops, bf16 }));
    }
    case 'kernel':
      return kernelStep(work.op, work.params, work.backward);
    case 'train':
      return trainStep(work.model, work.batch, precision);
    case 'feed':
      return feedStep(work, precision, isEngine);
    case 'infer':
      return inferStep(work.model, work.batch, precision);
  }
}

async function kernelStep(op: string, params: Params, backward: boolean): Promise<Step> {
  const { inputs, run } = kernelBench(op).prepare(params);
  if (!backward) return recorded(() => noGrad(run));
  const shape = scope(() => run()?.shape ?? []);
  const dy = randn(shape);
  return recorded(() => {
    for (const input of inputs) {
      input.grad?.dispose();
      input.grad = null;
    }
    run()?.backward(dy);
  });
}

async function trainStep(sizes: WholeSizes, batch: number, precision: Precision): Promise<Step> {
  const model = buildModel(sizes);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3, momentum: 0.9 });
  const images = randn([batch, sizes.inChans, sizes.imgSize, sizes.imgSize]);
  const labels = randint(0, sizes.numClasses, [batch]);
  optimizer.advance();
  const replay = await recorded(
    () => {
      optimizer.zeroGrad();
      F.crossEntropy(
        autocast(precision, () => model.forward(images)),
        labels,
      ).backward();
      optimizer.apply();
    },
    () => optimizer.zeroGrad(),
  );
  return () => {
    optimizer.advance();
    replay();
  };
}

function inferStep(sizes: WholeSizes, batch: number, precision: Precision): Promise<Step> {
  const model = buildModel(sizes);
  model.eval();
  const images = randn([batch, sizes.inChans, sizes.imgSize, sizes.imgSize]);
  return recorded(() => noGrad(() => autocast(precision, () => model.forward(images))));
}

/** Runs `fn` once op by op, then records it. Nothing that it makes outlives a run, but for gradients: `between` frees those. */
async function recorded(fn: () => unknown, between?: () => void): Promise<Step> {
  const once = (): void =>
    scope(() => {
      fn();
    });
  once();
  await fence();
  between?.();
  const capture = untracked(() => new Capture(once));
  return () => capture.replay();
}
