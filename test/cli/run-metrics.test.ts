import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { beginCheckpoints } from '../../lib/cli/run-checkpoints.js';
import { runConfig } from '../../lib/cli/run-config.js';
import { RunMetrics } from '../../lib/cli/run-metrics.js';
import { resolveSettings } from '../../lib/cli/train-settings.js';
import { optim, Trainer } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { textures, tinyViT } from '../train/tiny-problem.js';

describe("a run's metrics", () => {
  const path = temporaryDirectory();

  it('of a training that was killed and goes on tell each step once', async () => {
    const folder = path('checkpoints');
    const file = path('metrics.jsonl');
    const run = async (epochs: number): Promise<void> => {
      using model = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const options = { model, optimizer, train: textures(16), batchSize: 8, epochs, checkpoints: { folder } };
      await new Trainer({ ...options, resume: 'auto', callbacks: [new RunMetrics(file)] }).fit();
      optimizer.dispose();
    };
    await run(2);
    // What it told of steps after its last checkpoint, the last line torn.
    appendFileSync(file, '{"event":"epoch","step":6,"epoch":2}\n{"event":"log","st');
    await run(4);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const epochs = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'epoch');
    assert.deepEqual(
      epochs.map(({ epoch, step }) => [epoch, step]),
      [0, 1, 2, 3].map((epoch) => [epoch, 2 * (epoch + 1)]),
    );
  });

  it('lie beside what the checkpoints are of, which no other training goes on from', async () => {
    using model = tinyViT();
    const flags = { data: path('photos'), aug: true, checkpoints: true, capture: true, report: true };
    const settings = resolveSettings(flags, 32);
    const config = runConfig(settings, model.config, ['cat', 'dog']);
    const folder = path('begun');
    await beginCheckpoints(folder, config, { resume: false, force: false });
    await beginCheckpoints(folder, config, { resume: true, force: false });
    const others = { ...config, classNames: ['cat', 'dog', 'emu'] };
    await assert.rejects(
      beginCheckpoints(folder, others, { resume: true, force: true }),
      /^TypeError: Expected the classes of the training that goes on, "cat", "dog", for --resume but received "cat", "dog", "emu"\./,
    );
    const faster = runConfig({ ...settings, lr: 1 }, model.config, ['cat', 'dog']);
    await assert.rejects(
      beginCheckpoints(folder, faster, { resume: true, force: false }),
      /^TypeError: Expected the settings of the training that goes on for --resume but received others: lr [\d.]+\. .+--force\.$/,
    );
    await beginCheckpoints(folder, faster, { resume: true, force: true });
  });
});
