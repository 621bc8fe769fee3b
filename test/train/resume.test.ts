import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { optim, Trainer, type TrainerCallback, type TrainerOptions, ViT } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

const path = temporaryDirectory();
let runs = 0;

/** A training with all that draws and remembers: 3 epochs of 5 steps, the last of one batch, of two batches each. */
function makeTraining(changes: Partial<TrainerOptions> = {}): { options: TrainerOptions; dispose: () => void } {
  const model = tinyViT({ posDropRate: 0.1, projDropRate: 0.1, dropPathRate: 0.2 });
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const schedule = optim.cosineSchedule({ lr: 0.01, totalSteps: 15, warmupSteps: 3 });
  const options = {
    ...{ model, optimizer, schedule, train: textures(70), test: textures(20), batchSize: 8, epochs: 3 },
    ...{ gradAccumSteps: 2, clipGradNorm: 1, ema: { decay: 0.9, warmup: true } },
    ...changes,
  };
  return {
    options,
    dispose: () => {
      optimizer.dispose();
      model.dispose();
    },
  };
}

/** Trains; gives a digest of the weights, the losses and why it ended. */
async function train(
  changes: Partial<TrainerOptions> = {},
): Promise<{ hash: string; losses: unknown[]; reason: string }> {
  const { options, dispose } = makeTraining(changes);
  const { history, reason } = await new Trainer(options).fit();
  const losses = history.map(({ trainLoss, trainAccuracy, testLoss }) => [trainLoss, trainAccuracy, testLoss]);
  const hash = parameterHash(options.model);
  dispose();
  return { hash, losses, reason };
}

/** Stops training after so many steps in all. */
const stopAfter = (steps: number): TrainerCallback[] => [
  { onStepEnd: (state) => void (state.globalStep === steps && state.stop()) },
];

describe('a training that was stopped', () => {
  let whole: Awaited<ReturnType<typeof train>>;
  before(async () => {
    whole = await train();
  });

  it('is the same bits resumed, wherever it was stopped, as one that never was', async () => {
    const directory = { path: path(`${++runs}`) };
    for (const steps of [1, 3, 5, 8, 13]) {
      await leavesNothing(async () => {
        const checkpoints = { folder: join(directory.path, `run-${steps}`) };
        const stopped = await train({ checkpoints, callbacks: stopAfter(steps) });
        assert.equal(stopped.reason, 'callback');
        assert.notEqual(stopped.hash, whole.hash);
        const resumed = await train({ checkpoints, resume: 'auto' });
        assert.deepEqual(resumed, whole, `after ${steps} steps`);
      });
    }
  });

  it('may be stopped and resumed time and again, with checkpoints in the middle of epochs', async () => {
    const directory = { path: path(`${++runs}`) };
    const checkpoints = { folder: directory.path, every: 2, keep: 1 };
    for (const steps of [2, 4, 6, 11]) await train({ checkpoints, resume: 'auto', callbacks: stopAfter(steps) });
    assert.deepEqual(await train({ checkpoints, resume: 'auto' }), whole);
    const names = (await readdir(directory.path)).filter((name) => name.startsWith('step-'));
    assert.ok(names.length <= 2, `the best and the newest: ${names}`);
  });

  it('goes on from an older checkpoint, too, and from a save of a callback', async () => {
    const directory = { path: path(`${++runs}`) };
    let saved = '';
    const onStepEnd = async (state: { globalStep: number; save: () => Promise<string> }) => {
      if (state.globalStep === 7) saved = await state.save();
    };
    const checkpoints = { folder: join(directory.path, 'a'), keep: 9 };
    assert.deepEqual(await train({ checkpoints, callbacks: [{ onStepEnd }] }), whole);
    assert.deepEqual(await train({ resume: saved }), whole);
  });

  it('is refused with other settings, in words', async () => {
    const directory = { path: path(`${++runs}`) };
    const checkpoints = { folder: directory.path };
    await train({ checkpoints, callbacks: stopAfter(2) });
    const cases: [Partial<TrainerOptions>, RegExp][] = [
      [
        { batchSize: 16 },
        /^TypeError: Expected batchSize 8 for .+state\.json but received 16\. Resume with the settings/,
      ],
      [{ seed: 3 }, /Expected seed 0 for/],
    ];
    for (const [changes, message] of cases) {
      await assert.rejects(train({ checkpoints, resume: 'auto', ...changes }), message);
    }
    await assert.rejects(train({ checkpoints }), /Expected a folder without checkpoints .+resume: 'auto'/);
    const { ema: _, ...without } = makeTraining().options;
    await assert.rejects(new Trainer({ ...without, checkpoints, resume: 'auto' }).fit(), /Expected ema for resume/);
    await assert.rejects(train({ resume: join(directory.path, 'none') }), /Expected a checkpoint of a training/);
  });
});

describe('checkpoints', () => {
  it('hold the best and the newest, and models that load by themselves', async () => {
    const directory = { path: path(`${++runs}`) };
    const paths: string[] = [];
    const { options, dispose } = makeTraining({
      checkpoints: { folder: directory.path, keep: 1, monitor: 'trainLoss' },
      callbacks: [{ onSave: (_, path) => void paths.push(path) }],
    });
    await new Trainer(options).fit();
    assert.equal(paths.length, 3);
    const index = JSON.parse(await readFile(join(directory.path, 'checkpoints.json'), 'utf8'));
    assert.equal(join(directory.path, index.last), paths[2]);
    assert.ok(index.best.value > 0);
    using model = await ViT.fromPretrained(join(paths[2], 'model.safetensors'));
    assert.equal(parameterHash(model), parameterHash(options.model as ViT));
    using average = await ViT.fromPretrained(join(paths[2], 'ema.safetensors'));
    assert.notEqual(parameterHash(average), parameterHash(model));
    dispose();
  });

  it('are written by one training at a time', async () => {
    const directory = { path: path(`${++runs}`) };
    const checkpoints = { folder: directory.path };
    const onTrainBegin = async () => {
      await assert.rejects(
        train({ checkpoints, resume: 'auto' }),
        /Expected checkpoints that nobody else writes .+process \d+/,
      );
    };
    await train({ checkpoints, epochs: 1, callbacks: [{ onTrainBegin }] });
  });

  it('survive without their index, which names what is whole; a damaged one is told', async () => {
    const directory = { path: path(`${++runs}`) };
    const checkpoints = { folder: directory.path };
    await train({ checkpoints, callbacks: stopAfter(3) });
    await writeFile(join(directory.path, 'checkpoints.json'), '{"last": "../elsewhere"}');
    await assert.rejects(train({ checkpoints, resume: 'auto' }), /^TypeError: Expected the names of checkpoints in/);
  });
});
