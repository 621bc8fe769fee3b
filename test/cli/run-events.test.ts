import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { runConfig } from '../../lib/cli/run-config.js';
import { RunEvents } from '../../lib/cli/run-events.js';
import { RunWriter } from '../../lib/cli/run-writer.js';
import { resolveSettings } from '../../lib/cli/train-settings.js';
import { optim, Trainer } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { textures, tinyViT } from '../train/tiny-problem.js';

describe("a run's events for TensorBoard", () => {
  const at = temporaryDirectory();
  const files = () => readdirSync(at('run/tensorboard'));

  /** Trains a little into `run`, with events or without, and with an end as told. */
  async function train(end: 'done' | 'fails', { events = true, resume = false } = {}): Promise<void> {
    using model = tinyViT();
    const flags = { preset: 'digits', aug: true, checkpoints: true, capture: true, report: true } as const;
    const config = runConfig(resolveSettings(flags), model.config, ['a', 'b']);
    const run = await RunWriter.open(at('run'), config, { force: false, bytes: 1000 });
    const board = events ? [new RunEvents(run, [{ name: 'optimizer', value: 'SGD | plain' }])] : [];
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { model, optimizer, train: textures(16), batchSize: 8, checkpoints: { folder: at('checkpoints') } };
    const epochs = resume ? 2 : 1;
    await new Trainer({ ...options, epochs, ...(resume && { resume: 'auto' }), callbacks: board }).fit();
    optimizer.dispose();
    await run.write('config.json', JSON.stringify(config));
    await (end === 'done' ? run.commit() : run.abandon());
  }

  it('are in its folder, with its settings, from the first training on', async () => {
    await train('done');
    const [file = '', ...others] = files();
    assert.deepEqual(others, []);
    const text = readFileSync(at(`run/tensorboard/${file}`), 'latin1');
    assert.ok(text.includes('| optimizer | SGD \\| plain |') && text.includes('epoch/loss'));
    assert.deepEqual(readdirSync(at('run')), ['config.json', 'tensorboard']);
  });

  it('are added to where a training goes on', async () => {
    await train('done', { resume: true });
    assert.equal(files().length, 2);
  });

  it('take the place of those of an earlier training, but for one that fails', async () => {
    const before = files();
    rmSync(at('checkpoints'), { recursive: true });
    await train('fails');
    assert.deepEqual(files(), before);
    rmSync(at('checkpoints'), { recursive: true });
    await train('done');
    assert.equal(files().length, 1);
    assert.ok(!before.includes(files()[0] ?? ''));
  });

  it('of another training do not stay beside one without', async () => {
    rmSync(at('checkpoints'), { recursive: true });
    await train('done', { events: false });
    assert.ok(!existsSync(at('run/tensorboard')));
    assert.deepEqual(
      readdirSync(at('.')).filter((name) => name.startsWith('.run')),
      [],
    );
  });
});
