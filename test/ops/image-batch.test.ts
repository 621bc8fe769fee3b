import assert from 'node:assert/strict';
import { ones, scope } from '../../lib/index.js';
import { ByteImage } from '../../lib/ops/byte-image.js';
import { type BatchImage, type BatchNormalization, imageBatch } from '../../lib/ops/image-batch.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

const [H, W] = [3, 21];
const pixels = Uint8Array.from({ length: H * W * 3 }, (_, i) => (37 * i) % 256);
const given = { offset: [1, 20, 123.675], divisor: [2, 58.395, -3] };

/** Where an image lies in the batch's, what surrounds it, and whether left and right are swapped. */
interface Place {
  top?: number;
  left?: number;
  fill?: readonly number[];
  mirrored?: boolean;
}

/** An image that is neither resized nor, unless told, changed. */
function placed(bytes: ByteImage, { top = 0, left = 0, mirrored = false }: Place): BatchImage {
  const { height, width, channels } = bytes;
  const whole = { top: 0, left: 0, height, width };
  return {
    bytes,
    begin: 0,
    height,
    width,
    channels,
    window: whole,
    size: [height, width],
    kept: whole,
    interpolation: 'nearest',
    antialias: true,
    top,
    left,
    steps: mirrored ? [{ name: 'flipHorizontal', values: [] }] : [],
    erasings: [],
  };
}

/** What stands at (c,i,j) of an image of (height,width): float32, as the op computes. */
function wanted(height: number, width: number, place: Place, channels = 3): number[] {
  const { top = 0, left = 0, fill = [0, 0, 0], mirrored } = place;
  return Array.from({ length: 3 * height * width }, (_, at) => {
    const [c, i, j] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    const row = i - top;
    const column = mirrored ? W - 1 - (j - left) : j - left;
    const inside = row >= 0 && row < H && column >= 0 && column < W;
    const from = channels === 1 ? 0 : c;
    const byte = inside ? (pixels[(row * W + column) * channels + from] ?? NaN) : (fill[c] ?? NaN);
    const [shift, by] = [Math.fround(given.offset[c] ?? NaN), Math.fround(given.divisor[c] ?? NaN)];
    return Math.fround(Math.fround(byte - shift) / by);
  });
}

describe('imageBatch', () => {
  returnsMemory();

  const CASES: Record<string, [size: [number, number], place: Place]> = {
    'the whole': [[H, W], {}],
    'a part': [[2, 17], { top: -1, left: -3 }],
    'with a border': [[6, 30], { top: 2, left: 5, fill: [255, 7, 0] }],
    'cut off one way and surrounded the other': [[1, 40], { top: -2, left: 9, fill: [1, 2, 3] }],
    'wholly outside': [[2, 4], { top: 0, left: -W, fill: [9, 9, 9] }],
    mirrored: [[4, 25], { mirrored: true, left: 1, fill: [4, 5, 6] }],
  };
  for (const [name, [[height, width], place]] of Object.entries(CASES)) {
    it(`writes an image's planes, bit for bit: ${name}`, () => {
      scope(() => {
        const images = ones([2, 3, height, width]);
        using image = ByteImage.from(pixels, H, W, 3);
        using grey = ByteImage.from(pixels.subarray(0, H * W), H, W, 1);
        const normalization: BatchNormalization = { ...given, fill: place.fill ?? [0, 0, 0] };
        imageBatch(images, [placed(grey, place), placed(image, place)], normalization);
        const own = [1, 3].map((channels) => wanted(height, width, place, channels));
        assert.deepEqual([...images.dataSync()], own.flat());
      });
    });
  }

  it('refuses another number of images than the batch has', () => {
    using image = new ByteImage(4, 4, 3);
    assertBadInput(
      () => imageBatch(ones([2, 3, 4, 4]), [placed(image, {})], { ...given, fill: [0, 0, 0] }),
      /2 images .* received 1/,
    );
  });
});
