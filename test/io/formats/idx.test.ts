import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { readIdx } from '../../../lib/io/formats/idx.js';
import { digitsPath } from '../pretrained/fixtures.js';
import { temporaryDirectory } from '../temporary-directory.js';

function idx(shape: readonly number[], data: Uint8Array, type = 0x08): Buffer {
  const sizes = Buffer.alloc(4 * shape.length);
  for (const [i, size] of shape.entries()) sizes.writeUInt32BE(size, 4 * i);
  return Buffer.concat([Buffer.of(0, 0, type, shape.length), sizes, data]);
}

describe('readIdx', () => {
  const path = temporaryDirectory();
  const write = (name: string, bytes: Uint8Array): string => {
    writeFileSync(path(name), bytes);
    return path(name);
  };

  it('reads the digits', async () => {
    for (const [part, count] of [
      ['train', 1442],
      ['t10k', 355],
    ] as const) {
      const images = await readIdx(digitsPath(`${part}-images-idx3-ubyte.gz`));
      const labels = await readIdx(digitsPath(`${part}-labels-idx1-ubyte.gz`));
      assert.deepEqual(images.shape, [count, 8, 8]);
      assert.deepEqual(labels.shape, [count]);
      assert.equal(images.data.length, count * 64);
      assert.deepEqual([...new Set(labels.data)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      // Pixels are 16 * (0..16), clipped to 255.
      assert.ok(images.data.every((pixel) => pixel % 16 === 0 || pixel === 255));
    }
  });

  it('reads plain and gzipped files alike, whatever their names', async () => {
    const data = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7919) >> 5);
    const file = idx([2, 100_000], data);
    for (const bytes of [file, gzipSync(file)]) {
      assert.deepEqual(await readIdx(write('pair', bytes)), { shape: [2, 100_000], data });
    }
  });

  it('reads an empty array', async () => {
    const file = idx([0, 28, 28], new Uint8Array(0));
    for (const bytes of [file, gzipSync(file)]) {
      assert.deepEqual(await readIdx(write('empty', bytes)), { shape: [0, 28, 28], data: new Uint8Array(0) });
    }
  });

  it('refuses other files', async () => {
    for (const bytes of [
      Buffer.from('hello'),
      idx([], Buffer.of(1)),
      Buffer.of(0, 0, 7, 1, 0, 0, 0, 0),
      gzipSync('hello'),
    ]) {
      await assert.rejects(readIdx(write('other', bytes)), /Expected an IDX file/);
    }
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.of(0, 0, 8),
      gzipSync(''),
      idx([1, 2], Buffer.alloc(0)).subarray(0, 9),
    ]) {
      await assert.rejects(readIdx(write('stub', bytes)), /Expected a whole header/);
    }
    await assert.rejects(readIdx(path('absent')), /Expected a readable file for .*absent.*ENOENT/);
    await assert.rejects(readIdx(path('.')), /Expected a regular file .* a directory/);
  });

  it('names an element type that is not unsigned bytes', async () => {
    await assert.rejects(readIdx(write('float', idx([1], Buffer.alloc(4), 0x0d))), /unsigned bytes .* float32/);
  });

  it('refuses data shorter or longer than the header says', async () => {
    for (const length of [5, 7]) {
      const file = idx([2, 3], Buffer.alloc(length));
      await assert.rejects(readIdx(write('plain', file)), new RegExp(`18 bytes.*${file.length} bytes`));
      const received = length === 5 ? 'only 5' : 'more';
      await assert.rejects(readIdx(write('gz', gzipSync(file))), new RegExp(`6 bytes after the header .* ${received}`));
    }
  });

  it('refuses truncated and damaged gzip data', async () => {
    const file = gzipSync(
      idx(
        [1000],
        Uint8Array.from({ length: 1000 }, (_, i) => i * i),
      ),
    );
    await assert.rejects(readIdx(write('cut', file.subarray(0, -20))), /Expected intact gzip data/);
    const flipped = Buffer.from(file);
    flipped[flipped.length - 6] ^= 1; // In the checksum.
    await assert.rejects(readIdx(write('flipped', flipped)), /Expected intact gzip data/);
  });

  it('refuses sizes that overflow or that the file cannot hold, before it takes memory', async () => {
    const most = 2 ** 32 - 1;
    await assert.rejects(readIdx(write('overflow', idx([most, most], Buffer.alloc(1)))), /fewer than 2\^53 bytes/);
    await assert.rejects(readIdx(write('plain-bomb', idx([most], Buffer.alloc(1)))), /4294967303 bytes/);
    const before = process.memoryUsage().arrayBuffers;
    await assert.rejects(readIdx(write('bomb', gzipSync(idx([most], Buffer.alloc(1))))), /fill the memory/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
  });

  it('stops inflating at the size that the header declares', async () => {
    const bomb = gzipSync(idx([10], Buffer.alloc(50_000_000)));
    await assert.rejects(readIdx(write('overlong', bomb)), /Expected 10 bytes after the header .* more/);
  });
});
