import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
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

  const inPhotos = (name: string): string => join('..', 'photos', name);

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

  it('are found from the working directory, too', async () => {
    const before = process.cwd();
    process.chdir(at('photos'));
    const named = async (arg: string): Promise<string[]> => (await imageInputs([arg])).map(({ name }) => name);
    try {
      assert.deepEqual(await named('.'), ['B[1].png', 'a.PNG', 'b.jpg', 'cats/tom.jpeg']);
      assert.deepEqual(await named('*.jpg'), ['b.jpg']);
      assert.deepEqual(await named('./*.jpg'), ['b.jpg']);
      assert.deepEqual(await named('**/*.jpeg'), ['cats/tom.jpeg']);
      assert.deepEqual(await named('../photos/'), ['B[1].png', 'a.PNG', 'b.jpg', 'cats/tom.jpeg'].map(inPhotos));
    } finally {
      process.chdir(before);
    }
  });

  it('are found behind links to folders, once', async () => {
    mkdirSync(at('linked'));
    symlinkSync(at('photos/cats'), at('linked/cats'), 'junction');
    symlinkSync(at('linked'), at('linked/again'), 'junction');
    assert.deepEqual(await names(at('linked')), ['linked/cats/tom.jpeg']);
    assert.deepEqual(await names(at('linked/*/*.jpeg')), ['linked/cats/tom.jpeg']);
  });

  it('lie no deeper than a pattern goes', async () => {
    chmodSync(at('photos/cats'), 0o000);
    try {
      assert.deepEqual(await names(at('photos/*.jpg')), ['photos/b.jpg']);
    } finally {
      chmodSync(at('photos/cats'), 0o700);
    }
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
