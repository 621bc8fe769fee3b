// Does one thing again and again, and prints what is held after a hundred times and after a thousand more: bytes of the
// JavaScript heap, of array buffers, and of native memory. To be run with --expose-gc.
import { setTimeout as passes } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import {
  Capture,
  evaluate,
  F,
  fence,
  memory,
  noGrad,
  optim,
  randn,
  reset,
  scope,
  type Tensor,
  Trainer,
  tensor,
} from '../../../lib/index.js';
import { textures, tinyViT } from '../../train/tiny-problem.js';

const BATCH = 32;
const model = tinyViT({ embedDim: 8, depth: 1, dropRate: 0.1 });
const images = new Float32Array(BATCH * 64);
const labels = new Int32Array(BATCH);
const data = textures(BATCH);

function trained(sgd: optim.Optimizer): Tensor {
  return scope(() => {
    sgd.zeroGrad();
    const loss = F.crossEntropy(model.forward(tensor(images, [BATCH, 1, 8, 8])), tensor(labels));
    loss.backward();
    optim.clipGradNorm(sgd.parameters, 1);
    sgd.step();
    return loss;
  });
}

/** What is done again, by name, once it is prepared. */
const KINDS: Record<string, () => { again: () => unknown }> = {
  loop() {
    const sgd = new optim.AdamW(model.parameters(), { lr: 1e-3 });
    const again = async (): Promise<void> => {
      using loss = trained(sgd);
      await loss.item();
    };
    return { again };
  },
  checkpoints() {
    const sgd = new optim.SGD(model.setGradCheckpointing().parameters(), { lr: 1e-3, momentum: 0.9 });
    const again = async (): Promise<void> => {
      using loss = trained(sgd);
      await loss.item();
    };
    return { again };
  },
  capture() {
    const input = randn([BATCH, 1, 8, 8]);
    const capture = new Capture(() => scope(() => noGrad(() => model.forward(input))));
    const again = async (): Promise<void> => {
      input.set(images);
      capture.replay();
      await capture.result.data();
    };
    return { again };
  },
  captures() {
    const input = randn([BATCH, 1, 8, 8]);
    const again = async (): Promise<void> => {
      using capture = new Capture(() => scope(() => noGrad(() => model.forward(input))));
      await capture.result.data();
      capture.result.dispose();
    };
    return { again };
  },
  reads() {
    const x = randn([64, 64]);
    return { again: () => Promise.all([x.data(), x.data(), fence()]) };
  },
  fit() {
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
    const options = { model, optimizer, train: data, test: data, batchSize: 8, seed: 1 };
    return { again: () => new Trainer({ ...options, epochs: 2 }).fit() };
  },
  evaluate: () => ({ again: () => evaluate(model, data, { batchSize: 16 }) }),
  faults() {
    const bad = tensor(new Int32Array([9]));
    const again = async (): Promise<void> => {
      // From a new place each time, as far as stacks tell.
      const call = new Function(
        'F',
        'x',
        'bad',
        `return ${' '.repeat(Math.floor(Math.random() * 1e6))}F.crossEntropy(x, bad)`,
      );
      scope(() => void call(F, randn([1, 2]), bad));
      await fence().catch(() => undefined);
      reset();
    };
    return { again };
  },
};

async function held(): Promise<{ heap: number; buffers: number; native: number }> {
  for (let i = 0; i < 4; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await passes(5); // finalizers run between turns of the event loop
  }
  const { arrayBuffers } = process.memoryUsage();
  return { heap: getHeapStatistics().used_heap_size, buffers: arrayBuffers, native: memory().live };
}

const [, , kind = '', times = '1000'] = process.argv;
const { again } = KINDS[kind]?.() ?? { again: () => undefined };
for (let i = 0; i < Math.max(100, Number(times) / 10); i++) await again();
const before = await held();
for (let i = 0; i < Number(times); i++) await again();
console.log(JSON.stringify({ before, after: await held() }));
