import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { relative } from 'node:path';
import { type RunConfig, runConfig } from '../../lib/cli/run-config.js';
import { RunWriter } from '../../lib/cli/run-writer.js';
import { resolveSettings } from '../../lib/cli/train-settings.js';
import { resolveConfig } from '../../lib/nn/vit/config.js';
import { childEnvironment } from '../child-environment.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

const usual = { force: false, bytes: 1000 };

/** The config.json of a run of so many epochs. */
function configOf(epochs: number): RunConfig {
  const settings = resolveSettings({
    preset: 'digits',
    epochs,
    aug: true,
    checkpoints: true,
    capture: true,
    report: true,
  });
  return runConfig(settings, resolveConfig({ imgSize: 8, patchSize: 4, numClasses: 2 }), ['a', 'b']);
}

/** Writes a run whose files say how many epochs it had. */
async function write(out: string, epochs: number, options = usual): Promise<void> {
  const config = configOf(epochs);
  const run = await RunWriter.open(out, config, options);
  await run.write('config.json', JSON.stringify(config));
  await run.write('model.safetensors', String(epochs));
  await run.commit();
}

describe('the folder of a run', () => {
  const at = temporaryDirectory();
  const names = (path: string) => readdirSync(path).sort();
  const epochsOf = (path: string) => [
    JSON.parse(readFileSync(`${path}/config.json`, 'utf8')).training.epochs,
    Number(readFileSync(`${path}/model.safetensors`, 'utf8')),
  ];

  it('is made with all above it, whole, and leaves nothing beside it', async () => {
    await write(at('a/b/c'), 1);
    assert.deepEqual(names(at('a/b')), ['c']);
    assert.deepEqual(epochsOf(at('a/b/c')), [1, 1]);
  });

  it('takes the place of an earlier run with the same settings, and of an empty folder', async () => {
    mkdirSync(at('again'));
    chmodSync(at('again'), 0o750);
    await write(at('again'), 1);
    assert.equal(statSync(at('again')).mode & 0o777, 0o750);
    await write(at('again'), 1);
    assert.deepEqual(names(at('again')), ['config.json', 'model.safetensors']);
  });

  it('is not replaced by a run with other settings, but with --force', async () => {
    await write(at('other'), 1);
    await assert.rejects(write(at('other'), 2), {
      message:
        /^Expected an empty folder, or an earlier run with the same settings, for .* a run with other settings: epochs 1, warmupEpochs [\d.]+\. .*--force\.$/,
    });
    assert.deepEqual(epochsOf(at('other')), [1, 1]);
    await write(at('other'), 2, { ...usual, force: true });
    assert.deepEqual(epochsOf(at('other')), [2, 2]);
  });

  it('is another run where its config.json is none', async () => {
    await write(at('damaged'), 1);
    writeFileSync(at('damaged/config.json'), '{"training":');
    await assert.rejects(write(at('damaged'), 1), /a run with other settings/);
  });

  it('is not put into a folder of other files, but with --force, and then keeps them', async () => {
    mkdirSync(at('mine/pictures'), { recursive: true });
    writeFileSync(at('mine/notes.txt'), 'dear diary');
    await assert.rejects(write(at('mine'), 1), /but received other files\./);
    await write(at('mine'), 1, { ...usual, force: true });
    await write(at('mine'), 1);
    assert.deepEqual(names(at('mine')), ['config.json', 'model.safetensors', 'notes.txt', 'pictures']);
    assert.deepEqual(
      names(at('.')).filter((name) => name.startsWith('.mine')),
      [],
    );
  });

  it('stays as it was when training fails', async () => {
    await write(at('failed'), 1);
    const run = await RunWriter.open(at('failed'), configOf(1), usual);
    await run.write('config.json', 'new');
    await run.abandon();
    assert.deepEqual(epochsOf(at('failed')), [1, 1]);
    assert.deepEqual(
      names(at('.')).filter((name) => name.startsWith('.failed')),
      [],
    );
  });

  it('is what a symbolic link points at', async () => {
    await write(at('dated'), 1);
    symlinkSync(at('dated'), at('latest'));
    await write(at('latest'), 1);
    assert.deepEqual(epochsOf(at('dated')), [1, 1]);
    assert.equal(names(at('latest')).length, 2);
  });

  it('takes in what is to be written inside it', async () => {
    const run = await RunWriter.open(at('traced'), configOf(1), usual);
    writeFileSync(run.redirect(at('traced/trace.json')), '[]');
    assert.equal(run.redirect(at('elsewhere.json')), at('elsewhere.json'));
    await run.commit();
    assert.deepEqual(names(at('traced')), ['trace.json']);
  });

  it('has one writer at a time', async () => {
    const run = await RunWriter.open(at('locked'), configOf(1), usual);
    await assert.rejects(RunWriter.open(at('locked'), configOf(1), usual), {
      message: new RegExp(
        `^Expected a run that nobody else is training for --out but .*, which process ${process.pid} `,
      ),
    });
    await run.abandon();
    await write(at('locked'), 1);
  });

  it('is free again when its writer was killed, whose unfinished files go', async () => {
    await write(at('killed'), 1);
    const program = `
      import { RunWriter } from ${JSON.stringify(new URL('../../lib/cli/run-writer.js', import.meta.url).href)};
      const run = await RunWriter.open(${JSON.stringify(at('killed'))}, ${JSON.stringify(configOf(1))}, ${JSON.stringify(usual)});
      await run.write('config.json', 'half');
      console.log('writing');
      setTimeout(() => undefined, 60_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await assert.rejects(write(at('killed'), 1), /nobody else is training/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(epochsOf(at('killed')), [1, 1]);
    await write(at('killed'), 1);
    assert.deepEqual(
      names(at('.')).filter((name) => name.startsWith('.killed')),
      [],
    );
  });

  it('comes back where an exchange in steps was cut short', async () => {
    await write(at('lost'), 1);
    const { renameSync } = await import('node:fs');
    renameSync(at('lost'), at('.lost.0123456789ab.old'));
    await assert.rejects(write(at('lost'), 2), /a run with other settings/);
    assert.deepEqual(epochsOf(at('lost')), [1, 1]);
  });

  it('cannot be made where a file is, nor where one stands in the way', async () => {
    writeFileSync(at('file'), '');
    for (const path of [at('file'), at('file/below')]) {
      await assert.rejects(write(path, 1), {
        message: /^Expected a folder to write to for .*(EEXIST|ENOTDIR).* Choose another one with --out\.$/,
      });
    }
  });

  it('is not the working directory, nor above it', async () => {
    for (const path of ['.', '..', relative(process.cwd(), '/')]) {
      await assert.rejects(write(path, 1), /Expected a folder other than the working directory for --out/);
    }
  });

  it('is refused before training where there is no room for it', async () => {
    await assert.rejects(
      write(at('vast'), 1, { force: false, bytes: 1e18 }),
      /^TypeError: Expected room for about .*--out/,
    );
    assert.ok(!existsSync(at('vast')));
  });

  it('is refused, and not waited for, where the system allows none', async function () {
    if (process.platform !== 'linux') this.skip();
    await assert.rejects(write('/proc/vitrine', 1), /Expected a folder to write to for \/proc\/vitrine/);
  });
});
