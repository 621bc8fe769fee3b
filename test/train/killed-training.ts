import { data, optim, Trainer, type TrainerOptions } from '../../lib/index.js';
import { parameterHash, tinyViT } from './tiny-problem.js';

const [COUNT, SIZE, CLASSES] = [70, 8, 4];

/** Noise that is the brighter, the higher the class. */
const images = data.fromArrays({
  images: Uint8Array.from({ length: COUNT * SIZE * SIZE }, (_, i) => {
    const label = Math.floor(i / (SIZE * SIZE)) % CLASSES;
    return 40 * label + ((i * 7919 + (i >> 6) * 104729) % 100);
  }),
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES),
  shape: [1, SIZE, SIZE],
});

/**
 * Trains with all that draws and remembers (augmentation, mixup, dropout, accumulation, an average of weights, moments, a
 * schedule), a checkpoint after every step; gives a digest of the weights. Five steps an epoch.
 */
export async function trainWith(folder: string, changes: Partial<TrainerOptions> = {}): Promise<string> {
  const model = tinyViT({ posDropRate: 0.1, projDropRate: 0.1, dropPathRate: 0.2 });
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const { epochs = 4 } = changes;
  await new Trainer({
    ...{ model, optimizer, train: images, test: images, batchSize: 8, epochs, gradAccumSteps: 2 },
    loader: { augment: { autoAugment: 'rand-m5-n2', reprob: 0.2, mixup: 0.5, cutmix: 0.5, smoothing: 0.1 } },
    ...{ schedule: optim.cosineSchedule({ lr: 0.01, totalSteps: 5 * epochs }), ema: { decay: 0.9 } },
    ...{ checkpoints: { folder, every: 1 }, resume: 'auto' },
    ...changes,
  }).fit();
  const hash = parameterHash(model);
  optimizer.dispose();
  model.dispose();
  return hash;
}

// As a program, with a folder and a number of epochs: says when it begins, when the first step is saved, and what came out.
if (process.argv[2] !== undefined && process.argv[1]?.endsWith('killed-training.js')) {
  let saves = 0;
  const onTrainBegin = () => void process.stdout.write('begun\n');
  const onSave = () => void (saves++ === 0 && process.stdout.write('saved\n'));
  const epochs = Number(process.argv[3] ?? 4);
  const hash = await trainWith(process.argv[2], { epochs, callbacks: [{ onTrainBegin, onSave }] });
  process.stdout.write(`${hash}\n`);
}
