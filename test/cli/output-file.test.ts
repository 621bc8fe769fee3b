import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { checkOutputFile } from '../../lib/cli/output-file.js';
import { UsageError } from '../../lib/cli/usage-error.js';
import { writeFileAtomically } from '../../lib/io/formats/atomic-file.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

describe('a file that a flag asks for', () => {
  const at = temporaryDirectory();

  it('may be new, or replace another', async () => {
    writeFileSync(at('there.png'), '');
    for (const name of ['there.png', 'new.png']) await checkOutputFile(at(name), '--plot');
  });

  it('is no folder, and in one that is there', async () => {
    mkdirSync(at('folder'));
    await assert.rejects(checkOutputFile(at('folder'), '--plot'), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Expected a path for a file for --plot but received the folder /);
      return true;
    });
    await assert.rejects(
      checkOutputFile(at('nowhere/x.png'), '--plot'),
      /^TypeError: Expected a folder to write to for --p/,
    );
  });

  it('is written beside nothing where it is a folder', async () => {
    mkdirSync(at('outer/inner'), { recursive: true });
    const asked: string[] = [];
    const chunks = (function* () {
      asked.push('a chunk');
      yield new Uint8Array(1);
    })();
    await assert.rejects(writeFileAtomically(at('outer/inner'), chunks), /Expected a path for a file for .*inner but/);
    assert.deepEqual([readdirSync(at('outer')), asked], [['inner'], []]);
  });
});
