import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { data, type io } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { returnsMemory } from '../native-op.js';

/** A picture whose red is its column and green its row, 10 a step; blue is 200. */
function png(width: number, height: number): Uint8Array {
  const pixels = Array.from({ length: width * height }, (_, i) => [10 * (i % width), 10 * Math.floor(i / width), 200]);
  return encode({ width, height, channels: 3, data: Uint8Array.from(pixels.flat()) });
}

const plain: io.Preprocessing = {
  resize: [4, 6],
  crop: [4, 6],
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1 / 255, 1 / 255, 1 / 255],
};

describe('loadImages', () => {
  returnsMemory();
  const path = temporaryDirectory();
  const load = async (
    preprocessing: Partial<io.Preprocessing>,
    ...files: (string | Uint8Array)[]
  ): Promise<number[]> => {
    using images = await data.loadImages(files, { ...plain, ...preprocessing });
    return [...images.dataSync()].map((value) => Math.round(1000 * value) / 1000);
  };

  it('gives planes of red, green and blue, image after image', async () => {
    writeFileSync(path('a.png'), png(6, 4));
    using images = await data.loadImages([path('a.png'), png(6, 4)], plain);
    assert.deepEqual(images.shape, [2, 3, 4, 6]);
    const values = [...images.dataSync()].map(Math.round);
    assert.deepEqual(values.slice(0, 7), [0, 10, 20, 30, 40, 50, 0]);
    assert.deepEqual(values.slice(24, 31), [0, 0, 0, 0, 0, 0, 10]);
    assert.deepEqual(values.slice(48, 50), [200, 200]);
    assert.deepEqual(values.slice(72), values.slice(0, 72));
  });

  it('normalises each channel', async () => {
    const values = await load({ mean: [0, 0.5, 0], std: [1, 0.5, 2] }, png(6, 4));
    assert.deepEqual([values[1], values[24], values[48]], [0.039, -1, 0.392]);
  });

  it('scales the shorter side and cuts the middle, halves to the even side as torchvision', async () => {
    // 9 x 4 stays, as its shorter side is 4; of 9 columns 4 are cut off 2 from the left, not 3.
    const values = await load({ resize: 4, crop: [4, 4] }, png(9, 4));
    assert.deepEqual(values.slice(0, 4), [20, 30, 40, 50]);
    const tall = await load({ resize: 4, crop: [4, 4] }, png(4, 9));
    assert.deepEqual(
      tall.slice(16, 32).filter((_, i) => i % 4 === 0),
      [20, 30, 40, 50],
    );
  });

  it('turns photographs upright and drops transparency', async () => {
    const turned = await sharp(png(4, 6)).withMetadata({ orientation: 6 }).png().toBuffer();
    const values = await load({}, turned); // clockwise: the former left column is the top row, from below
    assert.deepEqual(values.slice(0, 6), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(values.slice(24, 30), [50, 40, 30, 20, 10, 0]);
    const rgba = encode({ width: 6, height: 4, channels: 4, data: new Uint8Array(96).fill(100) });
    assert.deepEqual(new Set(await load({}, rgba)), new Set([100]));
  });

  it('makes grey for one channel', async () => {
    const values = await load(
      { mean: [0], std: [1 / 255] },
      encode({ width: 6, height: 4, channels: 1, data: new Uint8Array(24).fill(77) }),
    );
    assert.deepEqual(values, new Array(24).fill(77));
  });

  it('refuses what is no image, no file, or not of this many channels', async () => {
    writeFileSync(path('no.png'), 'not an image');
    await assert.rejects(load({}, path('no.png')), /Expected an image .* for .*no\.png but received/);
    await assert.rejects(load({}, path('absent.png')), /Expected a readable file for .*absent\.png/);
    await assert.rejects(load({}), /at least one file/);
    await assert.rejects(load({ mean: [0, 0], std: [1, 1] }, png(6, 4)), /1 or 3 means/);
    await assert.rejects(load({ resize: [2, 2] }, png(6, 4)), /at least as large as/);
  });
});
