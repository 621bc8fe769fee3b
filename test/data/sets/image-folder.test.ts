import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { data } from '../../../lib/index.js';
import { temporaryDirectory } from '../../io/temporary-directory.js';

/** Makes files without content, with the folders that they need. */
function make(root: string, ...files: string[]): string {
  for (const file of files) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

const namesOf = ({ images }: { images: readonly unknown[] }) => images.map((path) => basename(String(path)));

describe('data.imageFolder', () => {
  const at = temporaryDirectory();

  it('takes train, val and test from folders of these names, classes in code-unit order', async () => {
    const root = make(at('parts'), 'train/b/1.jpg', 'train/a/2.png', 'train/Z/3.webp', 'val/a/4.jpg', 'test/b/5.jpg');
    const { train, val, test, classes } = await data.imageFolder(root);
    assert.deepEqual(classes, ['Z', 'a', 'b']);
    assert.deepEqual(
      [namesOf(train), [...train.labels]],
      [
        ['3.webp', '2.png', '1.jpg'],
        [0, 1, 2],
      ],
    );
    assert.deepEqual(val && [namesOf(val), [...val.labels]], [['4.jpg'], [1]]);
    assert.deepEqual(test && [namesOf(test), [...test.labels]], [['5.jpg'], [2]]);
    assert.deepEqual(train.get(1), { image: join(root, 'train/a/2.png'), label: 1 });
  });

  it('takes one root of classes, and of each the same share apart by the seed', async () => {
    const files = ['x', 'y'].flatMap((name) => Array.from({ length: 10 }, (_, i) => `${name}/${i}.jpg`));
    const root = make(at('one'), ...files);
    assert.equal((await data.imageFolder(root)).val, undefined);
    const draw = async (seed: number) => {
      const { train, val } = await data.imageFolder(root, { valSplit: 0.3, seed });
      assert.deepEqual(val && [...val.labels], [0, 0, 0, 1, 1, 1]);
      assert.deepEqual([...train.images, ...(val?.images ?? [])].sort(), files.map((file) => join(root, file)).sort());
      return val?.images;
    };
    assert.deepEqual(await draw(1), await draw(1));
    assert.notDeepEqual(await draw(1), await draw(2));
  });

  it('knows images by their extensions in any case, and leaves out the rest and tells it', async () => {
    const root = make(
      at('rest'),
      'a/1.JPG',
      'a/2.TiFF',
      'a/deep/3.jpeg',
      'a/notes.txt',
      'a/Thumbs.db',
      '.cache/x/4.jpg',
    );
    make(root, 'a/.hidden.jpg', 'a/.ipynb_checkpoints/5.jpg', 'b/6.gif', 'read.me');
    const { train, classes, leftOut } = await data.imageFolder(root);
    assert.deepEqual(classes, ['a', 'b']);
    assert.deepEqual(namesOf(train), ['1.JPG', '2.TiFF', '3.jpeg', '6.gif']);
    const rest = ['.cache', 'a/.hidden.jpg', 'a/.ipynb_checkpoints', 'a/Thumbs.db', 'a/notes.txt', 'read.me'];
    assert.deepEqual([...leftOut].sort(), rest);
  });

  it('follows links, but not in circles', async () => {
    const root = make(at('links'), 'set/a/1.jpg', 'elsewhere/2.jpg');
    symlinkSync(join(root, 'elsewhere'), join(root, 'set/b'));
    symlinkSync(join(root, 'set/a/1.jpg'), join(root, 'set/a/3.jpg'));
    symlinkSync(join(root, 'set/a'), join(root, 'set/a/again'));
    symlinkSync(join(root, 'nowhere'), join(root, 'set/a/4.jpg'));
    const { train, leftOut } = await data.imageFolder(join(root, 'set'));
    assert.deepEqual(namesOf(train), ['1.jpg', '3.jpg', '2.jpg']);
    assert.deepEqual([...leftOut].sort(), ['a/4.jpg', 'a/again']);
  });

  const WRONG: Record<string, [files: string[], options: object, says: RegExp]> = {
    'a class without images': [
      ['a/1.jpg', 'b/1.heic'],
      {},
      /images for the class ".*b" but received none besides "b\/1.heic"/,
    ],
    'no classes': [['1.jpg'], {}, /a folder for each class .* one of 1 files and no folders/],
    'a class that train has not': [['train/a/1.jpg', 'val/b/1.jpg'], {}, /classes among "a" .* received "b"/],
    'two ways to split': [['train/a/1.jpg', 'val/a/1.jpg'], { valSplit: 0.1 }, /no valSplit/],
    'a share of everything': [['a/1.jpg'], { valSplit: 1 }, /a share between 0 and 1/],
  };
  for (const [what, [files, options, says]] of Object.entries(WRONG)) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(data.imageFolder(make(at(`wrong ${what}`), ...files), options), says);
    });
  }

  it('says that a folder is missing', async () => {
    await assert.rejects(
      data.imageFolder(at('missing')),
      /a folder that can be read for .*missing but received ENOENT/,
    );
  });
});
