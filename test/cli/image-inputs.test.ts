import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { imageInputs } from '../../lib/cli/image-inputs.js';
import { UsageError } from '../../lib/cli/usage-error.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

describe('images named on the command line', () => {
  const at = temporaryDirectory();
  const names = async (...args: string[]): Promise<string[]> =>
    (await imageInputs(args)).map(({ name }) => relative(at('.'), name));

  beforeEach(() => {
    for (const folder of ['photos/cats', 'photos/.hidden', 'empty']) mkdirSync(at(folder), { recursive: true });
    const files = ['b.jpg', 'a.PNG', 'notes.txt', '.DS_Store', 'cats/tom.jpeg', '.hidden/x.png', 'B[1].png'];
    for (const file of files) writeFileSync(at(`photos/${file}`), '');
  });

  it('are files as they are, whatever becomes of them', async () => {
    assert.deepEqual(await names(at('photos/notes.txt'), at('gone.jpg')), ['photos/notes.txt', 'gone.jpg']);
  });

  it('are the images of a folder and of those below it, in the order of code units, hidden ones left out', async () => {
    const found = ['photos/B[1].png', 'photos/a.PNG', 'photos/b.jpg', 'photos/cats/tom.jpeg'];
    assert.deepEqual(await names(at('photos')), found);
  });

  it('are those that a pattern matches', async () => {
    assert.deepEqual(await names(at('photos/*.jpg')), ['photos/b.jpg']);
    assert.deepEqual(await names(at('photos/**/*.{jpg,jpeg}')), ['photos/b.jpg', 'photos/cats/tom.jpeg']);
  });

  it('may have the letters of patterns in their names', async () => {
    assert.deepEqual(await names(at('photos/B[1].png')), ['photos/B[1].png']);
  });

  it('are none where a folder or a pattern has none, and that is said', async () => {
    await assert.rejects(names(at('empty')), /Expected images .* but received no file/);
    await assert.rejects(names(at('photos/*.gif')), /the pattern .* but received none among \d files/);
    await assert.rejects(names(at('nowhere/*.gif')), /Expected a folder of images/);
  });

  it('are not fetched from the network', async () => {
    await assert.rejects(names('https://example.org/cat.jpg'), UsageError);
  });
});
