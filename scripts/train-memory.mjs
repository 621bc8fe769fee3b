// Trains a small model with all that a training has (loader, augmentation, mixup, average, evaluation, checkpoints) and tells
// the process's memory as it goes, in MiB: node --expose-gc scripts/train-memory.mjs [steps, 20000]. Of the built library.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { data, manualSeed, optim, Trainer, ViT } from '../dist/lib/index.js';

const steps = Number(process.argv[2] ?? 20000);
const [SIZE, COUNT] = [8, 512];
const set = data.fromArrays({
  images: Uint8Array.from({ length: COUNT * SIZE * SIZE }, (_, i) => (i * 7919) % 256),
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % 4),
  shape: [1, SIZE, SIZE],
});
manualSeed(0);
const model = new ViT({
  imgSize: SIZE,
  patchSize: 4,
  inChans: 1,
  embedDim: 16,
  depth: 2,
  numHeads: 2,
  numClasses: 4,
  projDropRate: 0.1,
});
const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
const folder = mkdtempSync(join(tmpdir(), 'vitrine-memory-'));
const begin = performance.now();
const seen = [];

await new Trainer({
  model,
  optimizer,
  train: set,
  test: set,
  batchSize: 16,
  epochs: Math.ceil(steps / 32),
  ema: { decay: 0.99 },
  loader: { augment: { mixup: 0.5, reprob: 0.2 } },
  evaluateEvery: 500,
  checkpoints: { folder, every: 500 },
  callbacks: [
    {
      onStepEnd: ({ globalStep }) => {
        if (globalStep % 500 === 0) {
          global.gc?.();
          const { rss, heapUsed, external } = process.memoryUsage();
          seen.push([
            globalStep,
            (performance.now() - begin) / 1000,
            rss / 2 ** 20,
            heapUsed / 2 ** 20,
            external / 2 ** 20,
          ]);
        }
      },
    },
  ],
}).fit();
console.log('step\tseconds\tresident\theap\texternal');
for (const [i, row] of seen.entries()) if (i % 4 === 3) console.log(row.map((v) => v.toFixed(1)).join('\t'));
rmSync(folder, { recursive: true, force: true });
