import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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
    for (const milliseconds of [0, 7, 23, 2]) await trainAndKill(folder, milliseconds);
    const resumed = await trainWith(folder);
    assert.equal(resumed, await trainWith(path('whole')));
    const left = readdirSync(folder).filter((name) => name.endsWith('.tmp') || name === '.lock');
    assert.deepEqual(left, []);
    for (const name of readdirSync(folder).filter((one) => one.startsWith('step-'))) {
      await trainWith(join(path('again'), name), { resume: join(folder, name), maxTime: 0 });
    }
  });
});
