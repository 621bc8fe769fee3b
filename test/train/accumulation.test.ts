import assert from 'node:assert/strict';
import { optim, Trainer, type TrainerOptions, type ViT } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

interface Trained {
  hash: string;
  losses: number[];
  weights: Float32Array;
}

async function train(changes: Partial<TrainerOptions>, onEpoch = (_: ViT, __: number) => {}): Promise<Trained> {
  const model = tinyViT(changes.capture === undefined ? {} : { posDropRate: 0.1 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const options = { model, optimizer, train: textures(72), batchSize: 8, epochs: 4, ...changes };
  const { history } = await new Trainer({ ...options, onEpoch: ({ epoch }) => onEpoch(model, epoch) }).fit();
  const weights = model.head?.weight.dataSync() as Float32Array;
  const result = { hash: parameterHash(model), losses: history.map(({ trainLoss }) => trainLoss), weights };
  optimizer.dispose();
  model.dispose();
  return result;
}

describe('gradients that several batches add up to', () => {
  it('are those of one batch of the same images', () =>
    leavesNothing(async () => {
      const whole = await train({ batchSize: 24, epochs: 1, overfitBatches: 3 });
      const parts = await train({ batchSize: 8, epochs: 1, gradAccumSteps: 3, overfitBatches: 9 });
      for (const [i, weight] of whole.weights.entries()) assert.ok(Math.abs(weight - parts.weights[i]) < 1e-5);
      assert.ok(Math.abs(whole.losses[0] - parts.losses[0]) < 1e-5);
    }));

  for (const changes of [{}, { clipGradNorm: 0.1 }, { clipGradValue: 0.01 }, { gradAccumSteps: 4 }]) {
    it(`are the same bits captured and op by op, with a step of fewer batches at the end: ${JSON.stringify(changes)}`, () =>
      leavesNothing(async () => {
        const options = { gradAccumSteps: 2, ...changes };
        const eager = await train({ ...options, capture: false });
        assert.deepEqual(await train({ ...options, capture: true }), eager);
        assert.notEqual(eager.hash, (await train({ capture: false })).hash);
      }));
  }

  it('obey what is frozen and thawed in mid-training', () =>
    leavesNothing(async () => {
      const hashes = [];
      for (const capture of [true, false]) {
        const change = (model: ViT, epoch: number) => {
          if (epoch === 1) model.freeze('blocks.0.*');
          if (epoch === 2) model.unfreeze();
        };
        hashes.push((await train({ gradAccumSteps: 3, capture }, change)).hash);
      }
      assert.equal(hashes[0], hashes[1]);
    }));

  it('count steps, not batches, for schedule, progress and callbacks', () =>
    leavesNothing(async () => {
      const rates: number[] = [];
      const steps: number[] = [];
      const schedule = (step: number) => {
        rates.push(step);
        return 0.1;
      };
      const onProgress = ({ step, stepsPerEpoch }: { step: number; stepsPerEpoch: number }) =>
        void steps.push(step, stepsPerEpoch);
      await train({ gradAccumSteps: 4, epochs: 2, schedule, onProgress });
      assert.deepEqual(rates, [0, 1, 2, 3, 4, 5]);
      assert.deepEqual(steps, [1, 3, 2, 3, 3, 3, 1, 3, 2, 3, 3, 3]);
    }));
});
