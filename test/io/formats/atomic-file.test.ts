import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../../lib/io/formats/atomic-file.js';
import { childEnvironment } from '../../child-environment.js';
import { temporaryDirectory } from '../temporary-directory.js';

const moduleUrl = new URL('../../../lib/io/formats/atomic-file.js', import.meta.url).href;

describe('writeFileAtomically', () => {
  const path = temporaryDirectory();

  const folder = (name: string): string => {
    mkdirSync(path(name));
    return path(name);
  };

  it('writes chunks in order and leaves nothing beside them', async () => {
    const directory = folder('plain');
    await writeFileAtomically(join(directory, 'a'), [Buffer.from('one '), Buffer.alloc(0), Buffer.from('two')]);
    assert.equal(readFileSync(join(directory, 'a'), 'utf8'), 'one two');
    assert.deepEqual(readdirSync(directory), ['a']);
  });

  it('keeps the old file, and no litter, when the chunks fail half-way', async () => {
    const directory = folder('failing');
    const target = join(directory, 'a');
    writeFileSync(target, 'good');
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('bad');
      throw new Error('no more');
    }
    await assert.rejects(writeFileAtomically(target, chunks()), /no more/);
    assert.equal(readFileSync(target, 'utf8'), 'good');
    assert.deepEqual(readdirSync(directory), ['a']);
  });

  it('rejects with a clear error where it cannot write', async () => {
    await assert.rejects(writeFileAtomically(path('missing/a'), []), /Expected a writable file .*missing\/a.*ENOENT/s);
    const directory = folder('taken');
    mkdirSync(join(directory, 'a'));
    await assert.rejects(writeFileAtomically(join(directory, 'a'), []), /Expected a path for a file/);
    assert.deepEqual(readdirSync(directory), ['a']);
  });

  it('keeps a symbolic link and replaces what it points at', async () => {
    const directory = folder('linked');
    writeFileSync(join(directory, 'epoch-1'), 'old');
    symlinkSync('epoch-1', join(directory, 'latest'));
    await writeFileAtomically(join(directory, 'latest'), [Buffer.from('new')]);
    assert.ok((await lstat(join(directory, 'latest'))).isSymbolicLink());
    assert.equal(readFileSync(join(directory, 'epoch-1'), 'utf8'), 'new');
  });

  it('keeps the old file when the process is killed, and sweeps up at the next write', async () => {
    const directory = folder('killed');
    const target = join(directory, 'a');
    writeFileSync(target, 'good');
    const writer = startEndlessWriter(target);
    await once(writer.stdout ?? assert.fail('the writer has no output'), 'data');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    assert.equal(readFileSync(target, 'utf8'), 'good');
    assert.equal(readdirSync(directory).length, 2);
    await writeFileAtomically(target, [Buffer.from('better')]);
    assert.equal(readFileSync(target, 'utf8'), 'better');
    assert.deepEqual(readdirSync(directory), ['a']);
  });

  it('leaves the unfinished file of a live writer alone', async () => {
    const directory = folder('live');
    const target = join(directory, 'a');
    const writer = startEndlessWriter(target);
    await once(writer.stdout ?? assert.fail('the writer has no output'), 'data');
    await writeFileAtomically(target, [Buffer.from('mine')]);
    assert.equal(readdirSync(directory).length, 2);
    writer.kill('SIGKILL');
    await once(writer, 'exit');
  });

  it('sweeps up what another machine left more than an hour ago', async () => {
    const directory = folder('elsewhere');
    const [recent, old] = ['.a.elsewhere.7.0123456789ab.tmp', '.a.elsewhere.7.ba9876543210.tmp'];
    for (const name of [recent, old]) writeFileSync(join(directory, name), '');
    const twoHoursAgo = Date.now() / 1000 - 7200;
    utimesSync(join(directory, old), twoHoursAgo, twoHoursAgo);
    await writeFileAtomically(join(directory, 'a'), []);
    assert.deepEqual(readdirSync(directory).sort(), [recent, 'a']);
  });
});

/** Another process that begins to write `target`, says so and never ends. */
function startEndlessWriter(target: string): ChildProcess {
  const program = `
    import { writeFileAtomically } from ${JSON.stringify(moduleUrl)};
    async function* chunks() {
      yield Buffer.from('half');
      console.log('writing');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    await writeFileAtomically(${JSON.stringify(target)}, chunks());`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
