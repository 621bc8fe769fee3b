import assert from 'node:assert/strict';
import { F, reset, scope, tensor, zeros } from '../../lib/index.js';
import { ByteImage } from '../../lib/ops/byte-image.js';

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 0x9e3779b1) >>> 24) & 0xff);

describe('ByteImage', () => {
  for (const [height, width, channels] of [
    [1, 1, 1],
    [5, 7, 3],
    [200, 331, 3],
    [375, 500, 4],
  ] as const) {
    it(`takes the bytes of ${height} x ${width} x ${channels}, and copies them`, async () => {
      const pixels = bytes(height * width * channels, height);
      using taken = ByteImage.taking(pixels, height, width, channels);
      using copied = ByteImage.from(pixels, height, width, channels);
      assert.deepEqual(await taken.bytes(), pixels);
      assert.deepEqual(copied.bytesSync(), pixels);
    });
  }

  it('takes its bytes behind what was enqueued before, into memory that is still in use', async () => {
    const images = Array.from({ length: 20 }, (_, i) => {
      const pixels = bytes(100 * 200 * 3, i);
      ByteImage.taking(pixels, 100, 200, 3).dispose(); // the next has its memory
      return [pixels, ByteImage.taking(pixels, 100, 200, 3)] as const;
    });
    for (const [pixels, image] of images) {
      assert.deepEqual(await image.bytes(), pixels);
      image.dispose();
    }
  });

  it('has its bytes although the stream was stopped by a fault before', async () => {
    const pixels = bytes(200 * 200 * 3, 1);
    scope(() => F.embedding(tensor([9], [1], { dtype: 'int32' }), zeros([2, 2])));
    using image = ByteImage.taking(pixels, 200, 200, 3);
    await assert.rejects(image.bytes(), { name: 'StreamError' });
    reset();
    assert.deepEqual(image.bytesSync(), pixels);
  });

  it('refuses another number of bytes', () => {
    for (const make of [ByteImage.from, ByteImage.taking]) {
      assert.throws(() => make(new Uint8Array(40_000), 100, 100, 3), {
        message: /^Expected 30000 bytes for an image but received 40000/,
      });
    }
  });
});
