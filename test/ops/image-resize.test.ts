import assert from 'node:assert/strict';
import { ByteImage } from '../../lib/ops/byte-image.js';
import { type ImageResizeOptions, INTERPOLATIONS, imageResize } from '../../lib/ops/image-resize.js';
import { assertBadInput, returnsMemory } from '../native-op.js';
import { type Bytes, cut, interpolateBytes, resizeBytes } from '../reference/image-resize.js';
import { generator } from '../reference/random.js';

/** Noise: its edges go past black and white in every filter that has negative weights. */
function noise(height: number, width: number, channels: number, seed = 1): Bytes {
  const next = generator(seed);
  const data = Uint8Array.from({ length: height * width * channels }, () => Math.floor(256 * next()));
  return { height, width, channels, data };
}

function resized({ data, height, width, channels }: Bytes, options: ImageResizeOptions): Bytes {
  using image = ByteImage.from(data, height, width, channels);
  using y = imageResize(image, options);
  return { height: y.height, width: y.width, channels: y.channels, data: y.bytesSync().slice() };
}

const CASES: Record<string, [from: [number, number, number], to: [number, number]]> = {
  'larger, both sides': [
    [7, 9, 3],
    [13, 20],
  ],
  'larger by a fraction of a pixel': [
    [31, 29, 3],
    [32, 30],
  ],
  'smaller, both sides': [
    [47, 33, 3],
    [8, 11],
  ],
  'many times smaller': [
    [131, 157, 3],
    [3, 2],
  ],
  'smaller one way, larger the other': [
    [40, 13, 3],
    [17, 29],
  ],
  'rows alone': [
    [19, 50, 3],
    [19, 21],
  ],
  'columns alone': [
    [50, 19, 3],
    [21, 19],
  ],
  'the same size': [
    [10, 17, 3],
    [10, 17],
  ],
  'one pixel made many': [
    [1, 1, 3],
    [5, 7],
  ],
  'many made one pixel': [
    [23, 18, 3],
    [1, 1],
  ],
  'one row': [
    [1, 40, 3],
    [3, 64],
  ],
  'one column': [
    [40, 1, 3],
    [64, 3],
  ],
  grey: [
    [37, 41, 1],
    [16, 50],
  ],
  'two channels': [
    [18, 35, 2],
    [16, 16],
  ],
  'four channels': [
    [18, 35, 4],
    [33, 16],
  ],
  'several tiles': [
    [150, 260, 3],
    [201, 170],
  ],
};

describe('imageResize', () => {
  returnsMemory();

  for (const interpolation of INTERPOLATIONS) {
    for (const [name, [[height, width, channels], size]] of Object.entries(CASES)) {
      it(`gives the reference's bytes: ${interpolation}, ${name}`, () => {
        const image = noise(height, width, channels);
        assert.deepEqual(resized(image, { size, interpolation }), resizeBytes(image, interpolation, size));
      });
    }

    it(`${interpolation} computes the part that is kept as though all were`, () => {
      const image = noise(45, 60, 3);
      const kept = { top: 3, left: 11, height: 17, width: 5 };
      for (const size of [
        [31, 40],
        [45, 40],
        [31, 60],
        [45, 60],
      ] as const) {
        const whole = resizeBytes(image, interpolation, size);
        assert.deepEqual(resized(image, { size, interpolation, kept }), cut(whole, kept), `to ${size}`);
      }
    });

    it(`${interpolation} sees nothing outside the window`, () => {
      const image = noise(45, 60, 3);
      const window = { top: 9, left: 2, height: 20, width: 33 };
      for (const size of [
        [31, 40],
        [20, 11],
        [7, 33],
        [20, 33],
      ] as const) {
        const alone = resizeBytes(cut(image, window), interpolation, size);
        assert.deepEqual(resized(image, { size, interpolation, window }), alone, `to ${size}`);
      }
    });
  }

  for (const [name, [[height, width, channels], size]] of Object.entries(CASES)) {
    it(`without antialias is PyTorch's bilinear interpolation within a grey level: ${name}`, () => {
      const image = noise(height, width, channels);
      const { data } = resized(image, { size, interpolation: 'bilinear', antialias: false });
      const want = interpolateBytes(image, size).data;
      assert.equal(data.length, want.length);
      data.forEach((value, i) => {
        assert.ok(Math.abs(value - (want[i] ?? NaN)) <= 1, `${value} for ${want[i]} at ${i}`);
      });
    });
  }

  const WRONG: [string, Partial<Record<keyof ImageResizeOptions, unknown>>, RegExp][] = [
    ['a size of 0', { size: [0, 4] }, /at least 1|from 1/],
    ['a size that is no whole number', { size: [4, 2.5] }, /whole number/],
    ['an unknown filter', { interpolation: 'cubic' }, /one of 'nearest', .*'cubic'/],
    [
      'a wide filter without antialias',
      { interpolation: 'bicubic', antialias: false },
      /'bilinear' .*without antialias/,
    ],
    ['a window past the border', { window: { top: 2, left: 0, height: 4, width: 4 } }, /window height/],
    ['a kept part past the border', { kept: { top: 0, left: 1, height: 4, width: 4 } }, /kept width/],
    ['more pixels than Pillow opens', { size: [100_000, 100_000] }, /at most 178956970 pixels .* 100000 x 100000/],
  ];
  for (const [name, options, says] of WRONG) {
    it(`refuses ${name}`, () => {
      const all = { size: [4, 4], interpolation: 'bilinear', ...options } as ImageResizeOptions;
      assertBadInput(() => imageResize(new ByteImage(5, 5, 3), all), says);
    });
  }

  it('refuses an option that it does not know, with the nearest', () => {
    using image = new ByteImage(5, 5, 3);
    const options = { size: [4, 4], interpolation: 'box', antiAlias: true } as unknown as ImageResizeOptions;
    assert.throws(() => imageResize(image, options), /'antiAlias'\. Did you mean antialias\?/);
  });
});
