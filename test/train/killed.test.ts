import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loggers, type TrainingState } from '../../lib/index.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { trainWith } from './killed-training.js';

const program = fileURLToPath(new URL('./killed-training.js', import.meta.url));

/** Trains in a process that is killed so many milliseconds after its first checkpoint. */
async function trainAndKill(folder: string, milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, [program, folder], {
    env: childEnvironment({}),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const saved = new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => String(text).includes('saved') && resolve());
  });
  await Promise.race([saved, ended]);
  await wait(milliseconds);
  child.kill('SIGKILL');
  await ended;
}

describe('a training that is killed', () => {
  const path = temporaryDirectory();

  it('leaves nothing that cannot be read, and is the same bits resumed', async () => {
    const folder = path('run');
    for (const milliseconds of [0, 7, 23]) await trainAndKill(folder, milliseconds);
    const resumed = await trainWith(folder);
    assert.equal(resumed, await trainWith(path('whole')));
    const left = readdirSync(folder).filter((name) => name.endsWith('.tmp') || name === '.lock');
    assert.deepEqual(left, []);
    for (const name of readdirSync(folder).filter((one) => one.startsWith('step-'))) {
      await trainWith(join(path('again'), name), { resume: join(folder, name), maxTime: 0 });
    }
  });
});

describe('a training whose checkpoints do not fit on the disk', () => {
  const path = temporaryDirectory();

  it('says so in a sentence, leaves nothing half written, and goes on where there is room', async function () {
    if (process.platform === 'win32') this.skip();
    const folder = path('run');
    // A file of more than 40 KiB is refused as on a full disk: the weights still fit, the optimizer's moments do not.
    const limited = `trap '' XFSZ; ulimit -f 40; exec "$0" "$@"`;
    const { status, stderr } = spawnSync('bash', ['-c', limited, process.execPath, program, folder, '1'], {
      env: childEnvironment({}),
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /TypeError: Expected a writable file for .+optimizer\.safetensors but received EFBIG/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name !== '.lock'),
      [],
    );
    assert.equal(await trainWith(folder, { epochs: 1 }), await trainWith(path('whole'), { epochs: 1 }));
  });

  it('is refused by name where its folder cannot be made', async () => {
    writeFileSync(path('file'), '');
    await assert.rejects(trainWith(join(path('file'), 'run')), /Expected a folder that may be made for .+ENOTDIR/);
    const lines = new loggers.JsonLines(join(path('file'), 'metrics.jsonl'));
    const record = { epoch: 0, trainLoss: 1, learningRate: 0.1, seconds: 1, imagesPerSecond: 1 };
    const told = lines.onEpochEnd({ globalStep: 1 } as TrainingState, record);
    await assert.rejects(told, /Expected a file that lines can be added to for .+metrics\.jsonl/);
  });
});
