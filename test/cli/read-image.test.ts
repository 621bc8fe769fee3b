import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { readImage } from '../../lib/cli/read-image.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

describe('readImage', () => {
  const at = temporaryDirectory();
  const red = { r: 255, g: 0, b: 0 };

  it('gives the very bytes of a grey image of the right size', async () => {
    const bytes = Buffer.from([0, 51, 102, 153, 204, 255]);
    await sharp(bytes, { raw: { width: 3, height: 2, channels: 1 } })
      .png()
      .toFile(at('grey.png'));
    assert.deepEqual([...(await readImage(at('grey.png'), [1, 2, 3]))], [...bytes]);
  });

  it('gives colours as planes, and stretches to the size', async () => {
    await sharp({ create: { width: 40, height: 20, channels: 3, background: red } })
      .png()
      .toFile(at('red.png'));
    assert.deepEqual([...(await readImage(at('red.png'), [3, 1, 2]))], [255, 255, 0, 0, 0, 0]);
  });

  it('makes colours grey, and grey colours, as the model wants', async () => {
    const grey = await readImage(at('red.png'), [1, 2, 2]);
    assert.equal(grey.length, 4);
    assert.ok((grey[0] ?? 0) > 40 && (grey[0] ?? 0) < 140);
    assert.deepEqual([...(await readImage(at('grey.png'), [3, 2, 3]))].slice(0, 7), [0, 51, 102, 153, 204, 255, 0]);
  });

  it('reads JPEG', async () => {
    await sharp({ create: { width: 16, height: 16, channels: 3, background: '#fff' } })
      .jpeg()
      .toFile(at('white.jpg'));
    assert.deepEqual([...(await readImage(at('white.jpg'), [1, 1, 2]))], [255, 255]);
  });

  it('puts what is transparent on black', async () => {
    const clear = { ...red, alpha: 0 };
    await sharp({ create: { width: 2, height: 2, channels: 4, background: clear } })
      .png()
      .toFile(at('clear.png'));
    assert.deepEqual([...(await readImage(at('clear.png'), [3, 1, 1]))], [0, 0, 0]);
  });

  it('tells in a sentence what is no image', async () => {
    writeFileSync(at('text.png'), 'not an image');
    mkdirSync(at('folder'));
    const format = 'PNG, JPEG, WebP, GIF or TIFF';
    await assert.rejects(readImage(at('text.png'), [1, 2, 2]), {
      message: `Expected an image (${format}) for ${at('text.png')} but received Input file contains unsupported image format.`,
    });
    await assert.rejects(readImage(at('nowhere.png'), [1, 2, 2]), /^TypeError: Expected a readable file for .*ENOENT/);
    await assert.rejects(readImage(at('folder'), [1, 2, 2]), /^TypeError: Expected a regular file for .* a directory/);
    await assert.rejects(readImage(at('grey.png'), [2, 2, 2]), /Expected a model of 1 or 3 channels/);
  });
});
