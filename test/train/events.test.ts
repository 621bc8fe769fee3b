import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { optim, Trainer, type TrainerCallback, type TrainerOptions } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

async function train(changes: Partial<TrainerOptions>) {
  using model = tinyViT();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const options = { model, optimizer, train: textures(32), test: textures(8), batchSize: 8, epochs: 2, ...changes };
  try {
    return await new Trainer(options).fit();
  } finally {
    optimizer.dispose();
  }
}

/** Notes each event, slowly. */
function noting(told: string[]): TrainerCallback {
  const note = (name: string) => async (state: { epoch: number; step: number; globalStep: number }) => {
    const text = `${name} ${state.epoch} ${state.step} ${state.globalStep}`;
    told.push(text);
    await wait(1);
    assert.equal(told.at(-1), text, 'nothing happens meanwhile');
  };
  const names = ['onTrainBegin', 'onEpochBegin', 'onLog', 'onEvaluate', 'onSave', 'onEpochEnd', 'onTrainEnd'] as const;
  return Object.fromEntries(names.map((name) => [name, note(name)]));
}

describe("a training's events", () => {
  it('come in their order, one at a time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'events-'));
    const told: string[] = [];
    await leavesNothing(async () => {
      await train({ callbacks: [noting(told)], logEvery: 3, checkpoints: { folder } });
    });
    await rm(folder, { recursive: true });
    assert.deepEqual(told, [
      ...['onTrainBegin 0 0 0', 'onEpochBegin 0 0 0', 'onLog 0 3 3', 'onEvaluate 0 4 4', 'onEpochEnd 0 4 4'],
      ...['onSave 1 0 4', 'onEpochBegin 1 0 4', 'onLog 1 2 6', 'onEvaluate 1 4 8', 'onEpochEnd 1 4 8'],
      ...['onSave 2 0 8', 'onTrainEnd 2 0 8'],
    ]);
  });

  it('see the weights of their step, and no other', () =>
    leavesNothing(async () => {
      const seen: string[] = [];
      const onStepEnd: TrainerCallback['onStepEnd'] = async ({ model }) => {
        const before = parameterHash(model);
        await wait(2);
        assert.equal(parameterHash(model), before);
        seen.push(before);
      };
      await train({ callbacks: [{ onStepEnd }] });
      assert.equal(new Set(seen).size, 8);
    }));

  it('may end training, and give its reason', () =>
    leavesNothing(async () => {
      const result = await train({
        callbacks: [{ onStepEnd: (state) => void (state.globalStep === 3 && state.stop()) }],
      });
      assert.deepEqual([result.reason, result.stopped, result.steps, result.history.length], ['callback', true, 3, 0]);
      assert.equal((await train({ maxTime: 0 })).reason, 'maxTime');
      assert.equal((await train({})).reason, 'done');
    }));

  it('of a callback that rejects end fit', () =>
    leavesNothing(async () => {
      const onLog = () => Promise.reject(new Error('disk full'));
      await assert.rejects(train({ callbacks: [{ onLog }], logEvery: 1 }), /^Error: disk full$/);
    }));

  it('must be known by name', async () => {
    await assert.rejects(
      train({ callbacks: [{ onstepend: () => {} } as TrainerCallback] }),
      /Did you mean onStepEnd\?/,
    );
    await assert.rejects(
      train({ callbacks: [{ onLog: 3 } as never] }),
      /Expected a function for Trainer callbacks onLog/,
    );
    await assert.rejects(train({ callbacks: {} as never }), /Expected an array of callbacks/);
  });
});

describe('fit', () => {
  it('evaluates every so many steps, and stops where nothing becomes better', () =>
    leavesNothing(async () => {
      const at: number[] = [];
      const onEvaluate: TrainerCallback['onEvaluate'] = ({ globalStep }) => void at.push(globalStep);
      const result = await train({
        ...{ evaluateEvery: 3, epochs: 9, callbacks: [{ onEvaluate }] },
        earlyStopping: { patience: 2, minDelta: 100 },
      });
      assert.deepEqual(at, [3, 6, 9, 12]);
      assert.deepEqual([result.reason, result.steps], ['earlyStopping', 12]);
    }));

  it('splits off a part of each class to be evaluated', () =>
    leavesNothing(async () => {
      using model = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const counts: number[] = [];
      const options = {
        ...{ model, optimizer, train: textures(40), batchSize: 8, epochs: 1, validationSplit: 0.2 },
        ...{ metrics: ['confusionMatrix'] as const },
      };
      const onEvaluate: TrainerCallback['onEvaluate'] = (_, { metrics }) => {
        for (const row of (metrics?.confusionMatrix ?? []) as number[][])
          counts.push(row.reduce((sum, n) => sum + n, 0));
      };
      const { history, steps } = await new Trainer({ ...options, callbacks: [{ onEvaluate }] }).fit();
      assert.deepEqual([counts, steps], [[2, 2, 2, 2], 4]);
      assert.ok((history[0].testLoss ?? 0) > 0);
      optimizer.dispose();
    }));

  it('runs but a batch with fastDevRun, and learns a few by heart with overfitBatches', () =>
    leavesNothing(async () => {
      assert.deepEqual([(await train({ fastDevRun: true })).steps, (await train({ fastDevRun: 2 })).steps], [1, 2]);
      const { history, steps } = await train({ overfitBatches: 1, epochs: 40 });
      assert.equal(steps, 40);
      assert.ok((history.at(-1)?.trainLoss ?? 1) < 0.1);
    }));

  it('says what has become of the option checkpoint', async () => {
    const message = /^TypeError: Expected gradCheckpointing for Trainer but received 'checkpoint', its former name\./;
    await assert.rejects(train({ checkpoint: true } as Partial<TrainerOptions>), message);
  });
});
