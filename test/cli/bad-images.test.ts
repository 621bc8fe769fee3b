import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { encode } from 'fast-png';
import { decodeSet, findImages } from '../../lib/cli/image-data.js';
import { dropUnused } from '../../lib/cli/run-checkpoints.js';
import { ImageList } from '../../lib/data/sets/list.js';
import type { io } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

const PREPARATION: io.Preprocessing = {
  resize: 'none',
  crop: [4, 4],
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};
const grey = encode({ width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(90) });

/** A PNG of a few bytes that says that it is so large. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8); // eight bits, red, green and blue
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', Buffer.alloc(8)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('images that are none, or hardly', () => {
  const at = temporaryDirectory();
  const folder = (root: string, files: Readonly<Record<string, Uint8Array | string>>): string => {
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(at(`${root}/${name.split('/')[0]}`), { recursive: true });
      writeFileSync(at(`${root}/${name}`), bytes);
    }
    return at(root);
  };
  const find = async (path: string): Promise<ImageList> => (await findImages(path, { valSplit: 0.5, seed: 0 })).train;

  it('all corrupt: the sentence names some', async () => {
    const path = folder('corrupt', { 'a/1.png': 'no', 'a/2.png': 'no', 'b/1.jpg': 'no', 'b/2.jpg': 'no' });
    await assert.rejects(
      find(path),
      /^TypeError: Expected images that can be read for the data but received none of .+\.png/,
    );
  });

  it('of an empty class: the sentence names it', async () => {
    const path = folder('empty', { 'a/1.png': grey, 'a/2.png': grey });
    mkdirSync(at('empty/b'));
    await assert.rejects(find(path), /Expected images for the class ".*b" but received none\./);
  });

  it('of one pixel are images', async () => {
    const dot = encode({ width: 1, height: 1, channels: 3, data: new Uint8Array([9, 90, 200]) });
    const path = folder('dots', { 'a/1.png': dot, 'a/2.png': dot, 'b/1.png': dot, 'b/2.png': dot });
    const { set, corrupt } = await decodeSet(await find(path), { ...PREPARATION, resize: 4 }, () => undefined);
    assert.deepEqual([set.count, corrupt], [2, []]);
    assert.deepEqual(new Set(set.images), new Set([9, 90, 200].map((value) => Math.fround(value / 255))));
  });

  it('of 20,000 x 20,000 pixels are told by their size, and not decoded', async () => {
    const path = folder('huge', {
      'a/1.png': pngOf(20_000, 20_000),
      'a/2.png': grey,
      'b/1.png': grey,
      'b/2.png': grey,
    });
    const list = (await findImages(path, { valSplit: undefined, seed: 0 })).train;
    const huge = new ImageList([at('huge/a/1.png')], list.labels.slice(0, 1), list.classes);
    await assert.rejects(
      decodeSet(huge, PREPARATION, () => undefined),
      /at most 1% damaged images .+huge.+ an image of at most [\d,]+ pixels .+20000 x 20000/,
    );
  });

  it('leave no folder of checkpoints behind where there is none yet, and keep one where there is', async () => {
    for (const name of ['unused', 'used']) mkdirSync(at(name));
    writeFileSync(at('unused/config.json'), '{}');
    mkdirSync(at('used/step-000001'));
    for (const name of ['unused', 'used', 'nowhere']) await dropUnused(at(name));
    assert.deepEqual([existsSync(at('unused')), existsSync(at('used/step-000001'))], [false, true]);
  });
});
