import { optim, Trainer, type TrainerOptions } from '../../lib/index.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

/** Trains with all that draws and remembers, a checkpoint after every step; gives a digest of the weights. */
export async function trainWith(folder: string, changes: Partial<TrainerOptions> = {}): Promise<string> {
  const model = tinyViT({ posDropRate: 0.1, projDropRate: 0.1, dropPathRate: 0.2 });
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  await new Trainer({
    ...{ model, optimizer, train: textures(70), test: textures(8), batchSize: 8, epochs: 4, gradAccumSteps: 2 },
    ...{ schedule: optim.cosineSchedule({ lr: 0.01, totalSteps: 20 }), ema: { decay: 0.9 } },
    ...{ checkpoints: { folder, every: 1 }, resume: 'auto' },
    ...changes,
  }).fit();
  const hash = parameterHash(model);
  optimizer.dispose();
  model.dispose();
  return hash;
}

// As a program: says when the first step is done.
if (process.argv[2] !== undefined && process.argv[1]?.endsWith('killed-training.js')) {
  let steps = 0;
  const onSave = () => void (steps++ === 0 && process.stdout.write('training\n'));
  await trainWith(process.argv[2], { callbacks: [{ onSave }] });
}
