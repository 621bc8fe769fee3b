import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { LiveFiles } from '../../lib/cli/live-files.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

describe('the files of a run that are read while it goes on', () => {
  const at = temporaryDirectory();
  let runs = 0;

  /** A run's folder with these files, and a folder beside for the run that is written. */
  function folders(files: Readonly<Record<string, string>>) {
    const [target, stage] = [at(`run${++runs}`), at(`run${runs}.tmp`)];
    for (const folder of [target, stage]) mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(`${target}/${name}`, text);
    return {
      target,
      stage,
      read: () =>
        Object.fromEntries(readdirSync(target).map((name) => [name, readFileSync(`${target}/${name}`, 'utf8')])),
    };
  }

  const former = { 'report.html': 'old', 'model.safetensors': 'weights' };

  it('give a former run its own back when a run ends with an error', async () => {
    const { target, stage, read } = folders(former);
    const live = await LiveFiles.open(target, stage);
    writeFileSync(live.path('report.html'), 'new');
    await live.abandon();
    assert.deepEqual(read(), former);
  });

  it('stay where there was no former run, and tell how far it came', async () => {
    const { target, stage, read } = folders({});
    const live = await LiveFiles.open(target, stage);
    writeFileSync(live.path('report.html'), 'new');
    await live.abandon();
    assert.deepEqual(read(), { 'report.html': 'new' });
  });

  it('leave no empty folder', async () => {
    const { target, stage } = folders({});
    await (await LiveFiles.open(target, stage)).abandon();
    assert.ok(!readdirSync(at('.')).includes(target.split('/').at(-1) ?? ''));
  });

  it('leave nothing of themselves among the files of the new run', async () => {
    const { target, stage } = folders(former);
    await (await LiveFiles.open(target, stage)).commit();
    assert.deepEqual(readdirSync(stage), []);
  });
});
