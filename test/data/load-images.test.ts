import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
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

  it('surrounds an image that is smaller than the crop', async () => {
    const values = await load({ resize: 'none', crop: [3, 5], fill: [1, 2, 3] }, png(2, 2));
    assert.deepEqual(values.slice(0, 15), [1, 0, 10, 1, 1, 1, 0, 10, 1, 1, 1, 1, 1, 1, 1]);
    assert.deepEqual(values.slice(30, 32), [3, 200]);
  });

  it('reads a large batch in order, several at a time', async () => {
    const files = Array.from({ length: 40 }, (_, i) => {
      return encode({ width: 6, height: 4, channels: 1, data: new Uint8Array(24).fill(i) });
    });
    const values = await load({ mean: [0], std: [1 / 255] }, ...files);
    assert.deepEqual(
      values.filter((_, i) => i % 24 === 7),
      files.map((_, i) => i),
    );
  });

  it('reads a file anew when it has changed', async () => {
    for (const grey of [10, 20]) {
      const bytes = encode({ width: 6, height: 4, channels: 1, data: new Uint8Array(24).fill(grey) });
      writeFileSync(path('changing.png'), bytes);
      assert.equal((await load({}, path('changing.png')))[0], grey);
    }
  });

  it('refuses what is no image or no file, and names the first of several', async () => {
    writeFileSync(path('no.png'), 'not an image');
    writeFileSync(path('good.png'), png(6, 4));
    await assert.rejects(load({}, path('no.png')), /Expected an image .* for .*no\.png but received/);
    await assert.rejects(load({}, path('absent.png')), /Expected a readable file for .*absent\.png/);
    await assert.rejects(load({}, path('good.png'), path('no.png'), path('absent.png')), /for .*no\.png but/);
    await assert.rejects(load({}, png(6, 4), Uint8Array.of(1, 2, 3)), /Expected an image .* for the bytes of image 1 /);
    await assert.rejects(load({}), /at least one file/);
    await assert.rejects(load({}, 5 as unknown as string), /paths, or Uint8Arrays/);
  });

  it('refuses what is cut short, and formats that Pillow would read otherwise', async () => {
    const noise = Uint8Array.from({ length: 30_000 }, (_, i) => (i * i) % 251);
    const raw = sharp(noise, { raw: { width: 100, height: 100, channels: 3 } });
    for (const whole of [await raw.clone().jpeg().toBuffer(), await raw.clone().png().toBuffer()]) {
      await assert.rejects(load({}, whole.subarray(0, whole.length / 2)), /Expected an image .* but received/);
    }
    await assert.rejects(load({}, await raw.clone().avif().toBuffer()), /received AVIF\. Convert it to PNG or JPEG\./);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await assert.rejects(load({}, svg), /received SVG/);
  });

  it('refuses a picture of more pixels than Pillow opens, before decoding it', async () => {
    const large = png(1, 1);
    const head = Buffer.from(large);
    head.writeUInt32BE(20_000, 16);
    head.writeUInt32BE(20_000, 20);
    head.writeUInt32BE(crc32(head.subarray(12, 29)), 29);
    await assert.rejects(load({}, head), /at most 178956970 pixels .* received one of 20000 x 20000/);
  });

  const WRONG: [string, Record<string, unknown>, RegExp][] = [
    ['2 channels', { mean: [0, 0], std: [1, 1] }, /1 or 3 means/],
    ['fewer deviations than means', { std: [1] }, /as many deviations .* 3 and 1/],
    ['a deviation of 0', { std: [1, 0, 1] }, /a deviation other than 0 .* std .* 0\./],
    ['a mean that is no number', { mean: [0, Number.NaN, 0] }, /finite number .* mean .*NaN/],
    ['a crop of no size', { crop: [0, 6] }, /at least 1 .* crop/],
    ['a crop that is no pair', { crop: 6 }, /pair .* crop/],
    ['a huge crop', { crop: [2 ** 30, 6] }, /whole number from 1 to 1048576 .* crop/],
    ['a crop that does not fit into memory', { crop: [2 ** 20, 2 ** 20] }, /Expected memory for/],
    ['a resize of no size', { resize: 0 }, /at least 1 .* resize/],
    ['an unknown filter', { interpolation: 'cubic' }, /'bicubic'.* interpolation .*'cubic'/],
    ['no antialias for a wide filter', { interpolation: 'bicubic', antialias: false }, /'bilinear' .*antialias/],
    ['a rescale of 0', { rescale: 0 }, /other than 0 .* rescale/],
    ['a fill for too few channels', { fill: [0] }, /a byte a channel .* fill/],
    ['an option that there is not', { interpolate: 'box' }, /'interpolate'\. Did you mean interpolation\?/],
  ];
  for (const [name, options, says] of WRONG) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(load(options, png(6, 4)), says);
    });
  }
});

describe('an image of a format that is not read', () => {
  const foreign: readonly (readonly [name: string, begins: string])[] = [
    ['BMP', 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0'],
    ['JPEG XL', '\xff\x0a\0\0'],
    ['JPEG 2000', '\0\0\0\x0cjP  \r\n'],
    ['PDF', '%PDF-1.7\n'],
    ['SVG', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'],
  ];
  for (const [name, begins] of foreign) {
    it(`is refused by its name: ${name}`, async () => {
      const file = Buffer.from(begins, 'latin1');
      await assert.rejects(
        data.loadImages([file], plain),
        new RegExp(`received ${name}\\. Convert it to PNG or JPEG\\.`),
      );
    });
  }
});
