import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { takeLock } from '../../../lib/io/formats/file-lock.js';
import { temporaryDirectory } from '../temporary-directory.js';

/** Collects what nobody refers to, and lets Node close the files that were collected. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  assert.ok(typeof gc === 'function');
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    gc();
  }
}

describe('takeLock', () => {
  const path = temporaryDirectory();
  const refuse = (who: string): Error => new Error(`held by ${who}`);

  it('is had by one at a time, who leaves nothing behind', async () => {
    const lock = await takeLock(path('lock'), refuse);
    await assert.rejects(takeLock(path('lock'), refuse), { message: `held by process ${process.pid}` });
    await lock.release();
    assert.deepEqual(readdirSync(path('.')), []);
    await (await takeLock(path('lock'), refuse)).release();
  });

  it('stays until it is released, although nobody holds the object that stands for it', async () => {
    await takeLock(path('forgotten'), refuse);
    await collectGarbage();
    await assert.rejects(takeLock(path('forgotten'), refuse), { message: `held by process ${process.pid}` });
  });
});
