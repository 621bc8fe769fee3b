import assert from 'node:assert/strict';
import { ByteImage } from '../../lib/ops/byte-image.js';
import { imageConvert } from '../../lib/ops/image-convert.js';
import { assertBadInput, returnsMemory } from '../native-op.js';
import { generator } from '../reference/random.js';

/** Every channel's extremes, and noise; more than a tile. */
function pixelsOf(channels: number, count: number): Uint8Array {
  const next = generator(3);
  return Uint8Array.from({ length: channels * count }, (_, i) =>
    i < 2 ** channels * channels ? 255 * ((Math.floor(i / channels) >> (i % channels)) & 1) : Math.floor(256 * next()),
  );
}

describe('imageConvert', () => {
  returnsMemory();

  it('makes grey by ITU-R 601, rounded', () => {
    const rgb = pixelsOf(3, 40_000);
    using image = ByteImage.from(rgb, 200, 200, 3);
    using grey = imageConvert(image, 'greyFromRgb');
    const want = Uint8Array.from({ length: 40_000 }, (_, i) => {
      const [r = 0, g = 0, b = 0] = rgb.subarray(3 * i, 3 * i + 3);
      return Math.floor((19595 * r + 38470 * g + 7471 * b + 32768) / 65536);
    });
    assert.equal(grey.channels, 1);
    assert.deepEqual(grey.bytesSync(), want);
    assert.equal(want[2], 150, 'pure green');
  });

  it('makes red, green, blue of inks on white', () => {
    const cmyk = pixelsOf(4, 30_000);
    using image = ByteImage.from(cmyk, 100, 300, 4);
    using rgb = imageConvert(image, 'rgbFromCmyk');
    const want = Uint8Array.from({ length: 90_000 }, (_, i) => {
      const light = 255 - (cmyk[4 * Math.floor(i / 3) + 3] ?? 0);
      return light - Math.round(((cmyk[4 * Math.floor(i / 3) + (i % 3)] ?? 0) * light) / 255);
    });
    assert.equal(rgb.channels, 3);
    assert.deepEqual(rgb.bytesSync(), want);
  });

  it('refuses another number of channels', () => {
    assertBadInput(() => imageConvert(new ByteImage(2, 2, 4), 'greyFromRgb'), /an image of 3 channels .* received 4/);
    assertBadInput(() => imageConvert(new ByteImage(2, 2, 3), 'rgbFromCmyk'), /an image of 4 channels .* received 3/);
  });
});
