import assert from 'node:assert/strict';
import { ones, scope } from '../../lib/index.js';
import { ByteImage } from '../../lib/ops/byte-image.js';
import { type ImageNormalizeOptions, imageNormalize } from '../../lib/ops/image-normalize.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

const [H, W] = [3, 21];
const pixels = Uint8Array.from({ length: H * W * 3 }, (_, i) => (37 * i) % 256);
const given = { offset: [1, 20, 123.675], divisor: [2, 58.395, -3] };

/** What stands at (c,i,j) of an image of (height,width): float32, as the op computes. */
function wanted(height: number, width: number, options: ImageNormalizeOptions, channels = 3): number[] {
  const { offset, divisor, top = 0, left = 0, fill = [0, 0, 0], mirrored } = options;
  return Array.from({ length: 3 * height * width }, (_, at) => {
    const [c, i, j] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    const row = i - top;
    const column = (mirrored ? width - 1 - j : j) - left;
    const inside = row >= 0 && row < H && column >= 0 && column < W;
    const from = channels === 1 ? 0 : c;
    const byte = inside ? (pixels[(row * W + column) * channels + from] ?? NaN) : (fill[c] ?? NaN);
    const [shift, by] = [Math.fround(offset[c] ?? NaN), Math.fround(divisor[c] ?? NaN)];
    return Math.fround(Math.fround(byte - shift) / by);
  });
}

describe('imageNormalize', () => {
  returnsMemory();

  const CASES: Record<string, [size: [number, number], options: Partial<ImageNormalizeOptions>]> = {
    'the whole': [[H, W], {}],
    'a part': [[2, 17], { top: -1, left: -3 }],
    'with a border': [[6, 30], { top: 2, left: 5, fill: [255, 7, 0] }],
    'cut off one way and surrounded the other': [[1, 40], { top: -2, left: 9, fill: [1, 2, 3] }],
    'wholly outside': [[2, 4], { top: 0, left: -W, fill: [9, 9, 9] }],
    mirrored: [[4, 25], { mirrored: true, left: 1, fill: [4, 5, 6] }],
  };
  for (const [name, [[height, width], options]] of Object.entries(CASES)) {
    it(`writes one image of a batch, bit for bit: ${name}`, () => {
      scope(() => {
        const images = ones([3, 3, height, width]);
        using image = ByteImage.from(pixels, H, W, 3);
        imageNormalize(images, 1, image, { ...given, ...options });
        const values = [...images.dataSync()];
        const size = 3 * height * width;
        assert.deepEqual(values.slice(size, 2 * size), wanted(height, width, { ...given, ...options }));
        assert.ok([...values.slice(0, size), ...values.slice(2 * size)].every((value) => value === 1));
      });
    });
  }

  it('gives all channels what a grey image has', () => {
    scope(() => {
      const images = ones([1, 3, H, W]);
      using image = ByteImage.from(pixels.subarray(0, H * W), H, W, 1);
      imageNormalize(images, 0, image, given);
      assert.deepEqual([...images.dataSync()], wanted(H, W, given, 1));
    });
  });

  const WRONG: [string, number, Partial<ImageNormalizeOptions>, RegExp][] = [
    ['an index that is none', 2, {}, /whole number from 0 to 1 .* 2\./],
    ['another number of offsets', 0, { offset: [1] }, /3 numbers for imageNormalize offset/],
    ['a divisor of 0', 0, { divisor: [1, 0, 1] }, /no zeros/],
    ['an offset that is no number', 0, { offset: [1, Number.NaN, 1] }, /finite number .*NaN/],
  ];
  for (const [name, index, options, says] of WRONG) {
    it(`refuses ${name}`, () => {
      assertBadInput(
        () => imageNormalize(ones([2, 3, 4, 4]), index, new ByteImage(4, 4, 3), { ...given, ...options }),
        says,
      );
    });
  }

  it('refuses an image of other channels', () => {
    assertBadInput(
      () => imageNormalize(ones([2, 3, 4, 4]), 0, new ByteImage(4, 4, 4), given),
      /an image of 3 channels or one .* received 4/,
    );
  });
});
