import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { data, type io } from '../../../lib/index.js';
import { temporaryDirectory } from '../../io/temporary-directory.js';
import { returnsMemory } from '../../native-op.js';

const COUNT = 5;
const PIXELS: io.Preprocessing = {
  ...{ resize: 'none', crop: [2, 3], interpolation: 'nearest', rescale: 1 },
  ...{ mean: [0], std: [1] },
};
const MODULE = new URL('./mirror-transform.js', import.meta.url);

/** Grey images (2,3) whose pixels count up. */
const set: data.Dataset = {
  length: COUNT,
  get: (index) => {
    const pixels = Uint8Array.from({ length: 6 }, (_, i) => 10 * index + i);
    return { image: { pixels, height: 2, width: 3, channels: 1 }, label: 0 };
  },
  classes: ['one'],
};
const MIRRORED = [2, 1, 0, 5, 4, 3];

type Options = Partial<data.DataLoaderOptions>;
const loaderOf = (options: Options, some = set) =>
  new data.DataLoader(some, { batchSize: 2, preprocessing: PIXELS, ...options });

async function epochOf(loader: data.DataLoader<data.Dataset>, epoch = 0): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { images, indices } of loader.feedBatches(epoch)) {
    const values = [...(await images.data())];
    const size = values.length / indices.length;
    for (const [i, index] of indices.entries()) found[index] = values.slice(i * size, (i + 1) * size);
    images.dispose();
  }
  return found;
}

const mirrored = Array.from({ length: COUNT }, (_, index) => MIRRORED.map((place) => 10 * index + place));

describe('a transform of the user', () => {
  const at = temporaryDirectory();
  returnsMemory();

  it('makes another image of each, where it is given', async () => {
    const seen: data.TransformContext[] = [];
    const transform: data.Transform = ({ pixels, ...sizes }, context) => {
      seen.push(context);
      return { ...sizes, pixels: pixels.map((pixel) => 255 - pixel) };
    };
    await using loader = loaderOf({ transform, seed: 7 });
    for (const epoch of [0, 1]) assert.equal((await epochOf(loader, epoch))[1][2], 255 - 12);
    assert.deepEqual(
      seen.map(({ index, epoch }) => [epoch, index]),
      [0, 1].flatMap((epoch) => [0, 1, 2, 3, 4].map((index) => [epoch, index])),
    );
    assert.equal(new Set(seen.map(({ seed }) => seed)).size, 2 * COUNT);
    const first = seen.splice(0);
    await using other = loaderOf({ transform, seed: 7, shuffle: true, prefetch: 3 });
    await epochOf(other);
    for (const context of seen) assert.deepEqual(context, first[context.index]);
  });

  it('may be asynchronous, change the size, and comes before the augmentation', async () => {
    const transform: data.Transform = async ({ pixels }) => {
      await Promise.resolve();
      return { pixels: Uint8Array.of(pixels[0], pixels[1]), height: 1, width: 2, channels: 1 };
    };
    const resizing = { ...PIXELS, resize: [2, 4], crop: [2, 4] } as const;
    await using plain = loaderOf({ transform, preprocessing: resizing });
    assert.deepEqual((await epochOf(plain))[2], [20, 20, 21, 21, 20, 20, 21, 21]);
    const augment = { scale: [1, 1], ratio: [2, 2], hflip: 1, colorJitter: 0, interpolation: 'bilinear' } as const;
    await using loader = loaderOf({ transform, augment, preprocessing: { ...resizing, crop: [1, 2] } });
    assert.deepEqual((await epochOf(loader))[2], [21, 20]);
  });

  for (const cache of ['memory', 'disk'] as const) {
    it(`is run in each epoch on what the cache has: ${cache}`, async () => {
      const path = at('image.png');
      const { default: sharp } = await import('sharp');
      await sharp(Uint8Array.from([0, 1, 2, 3, 4, 5]), { raw: { height: 2, width: 3, channels: 1 } })
        .png()
        .toFile(path);
      const one = await data.fromSamples([{ image: path, label: 0 }]);
      const transform: data.Transform = ({ pixels, ...sizes }, { epoch }) => {
        return { ...sizes, pixels: pixels.map((pixel) => pixel + epoch) };
      };
      for (let run = 0; run < 2; run++) {
        await using loader = loaderOf({ transform, cache, cacheDir: at(cache) }, one);
        for (const epoch of [0, 1, 5]) {
          const wanted = [0, 1, 2, 3, 4, 5].map((pixel) => pixel + epoch);
          assert.deepEqual(await epochOf(loader, epoch), [wanted]);
        }
      }
    });
  }

  it('tells the image that it fails for', async () => {
    const refuses = async (transform: unknown, says: RegExp) => {
      await using loader = loaderOf({ transform: transform as data.Transform });
      await assert.rejects(epochOf(loader), says);
    };
    const fails = (_: unknown, { index }: data.TransformContext) => {
      throw new RangeError(`not ${index}`);
    };
    await refuses(
      fails,
      /^TypeError: Expected an image for the transform of image 0 but received RangeError: not 0\.$/,
    );
    await refuses(() => undefined, /\{ pixels, height, width, channels \} for the transform of image 0/);
    const short = { pixels: new Uint8Array(2), height: 1, width: 1, channels: 1 };
    await refuses(() => short, /1 bytes for the pixels of the transform of image 0 but received 2/);
  });

  describe('in workers', () => {
    it('runs in their threads, by a URL or a path', async () => {
      await using loader = loaderOf({ transform: { worker: MODULE, count: 2 } });
      assert.deepEqual(await epochOf(loader), mirrored);
      await using other = loaderOf({ transform: { worker: fileURLToPath(MODULE) } });
      assert.deepEqual(await epochOf(other), mirrored);
    });

    it('tells the image that it fails for, and a thread that ends', async () => {
      await using loader = loaderOf({ transform: { worker: MODULE } });
      await assert.rejects(
        epochOf(loader, 1),
        /an image for the transform of image 3 but received RangeError: too dark/,
      );
      assert.deepEqual(await epochOf(loader), mirrored, 'it goes on');
      await assert.rejects(epochOf(loader, 2), /a Uint8Array for the pixels of the transform of image 3/);
      await assert.rejects(
        epochOf(loader, 3),
        /the transform of image \d but received Error: its thread ended with code 7/,
      );
      await assert.rejects(epochOf(loader), /ended with code 7/);
      await using missing = loaderOf({ transform: { worker: at('no-such-module.mjs') } });
      await assert.rejects(epochOf(missing), /the transform of image 0 but received .*no-such-module\.mjs/);
    });
  });

  it('refuses what is no transform', () => {
    const make = (transform: unknown) => () => loaderOf({ transform: transform as data.Transform });
    assert.throws(make('mirror'), /a function, or \{ worker \} .* for DataLoader transform but received 'mirror'/);
    assert.throws(make({}), /a function, or \{ worker \}/);
    assert.throws(
      make({ worker: MODULE, workers: 2 }),
      /an option among worker, count .* 'workers'\. Did you mean worker/,
    );
    assert.throws(make({ worker: MODULE, count: 0 }), /DataLoader transform count/);
    assert.throws(make({ worker: new URL('https://example.org/x.js') }), /a module on this machine/);
  });
});
