// How long a small inference takes by itself, and beside the training of a larger model in the same process: a ViT-Ti/4
// on one 32 x 32 image, asked for every 50 ms, while a ViT trains on 224 x 224 images in batches of 8.
//
//   node dist/bench/serve.js [seconds] [name of the model that trains]
//
// Prints JSON, times in milliseconds. Beside training is from the third step on, when steps are replayed.

import { setTimeout } from 'node:timers/promises';
import { info, manualSeed, noGrad, optim, scope, Trainer, tensor, ViT } from '../lib/index.js';
import { noise } from './noise.js';
import { median, summarise } from './statistics.js';

const INTERVAL = 50;

const served = ViT.create('vit_tiny_patch16_224', { imgSize: 32, patchSize: 4, numClasses: 10 });
const { images } = noise(1, 32);

/** From the pixels to the logits. */
async function infer(): Promise<number> {
  const asked = performance.now();
  const logits = scope(() => noGrad(() => served.forward(tensor(images, [1, 3, 32, 32]))));
  const reading = logits.data();
  logits.dispose();
  await reading;
  return performance.now() - asked;
}

/** Asks for `seconds`, once every interval or as soon as there is an answer. */
async function ask(seconds: number): Promise<number[]> {
  const end = performance.now() + seconds * 1000;
  const times: number[] = [];
  while (performance.now() < end) {
    const time = await infer();
    times.push(time);
    await setTimeout(Math.max(1, INTERVAL - time));
  }
  return times;
}

async function measure(seconds: number, name: string): Promise<void> {
  manualSeed(0);
  const model = ViT.create(name, { numClasses: 10 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  for (let i = 0; i < 5; i++) await infer(); // caches, and memory from the system
  const alone = await ask(seconds / 4);

  const stop = new AbortController();
  const steps: number[] = [];
  let last = performance.now();
  let warm = (): void => {};
  const warmed = new Promise<void>((resolve) => {
    warm = resolve;
  });
  const training = new Trainer({
    model,
    optimizer,
    train: noise(64, 224),
    batchSize: 8,
    epochs: 1e6,
    signal: stop.signal,
    onProgress: () => {
      const now = performance.now();
      steps.push(now - last);
      last = now;
      if (steps.length === 3) warm();
    },
  }).fit();
  await warmed;
  const beside = await ask(seconds);
  stop.abort();
  await training;

  const { isa, threads, cpus } = info();
  const report = {
    trained: name,
    stepMedian: Number(median(steps.slice(3)).toFixed(1)),
    inferenceAlone: summarise(alone),
    inferenceBesideTraining: summarise(beside),
    isa,
    threads,
    cpus,
  };
  console.log(JSON.stringify(report, null, 2));
}

const [seconds = '20', name = 'vit_tiny_patch16_224'] = process.argv.slice(2);
await measure(Number(seconds), name);
