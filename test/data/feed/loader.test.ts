import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { data, Generator, type io } from '../../../lib/index.js';
import { temporaryDirectory } from '../../io/temporary-directory.js';
import { returnsMemory } from '../../native-op.js';
import { rounded } from '../../ops/rounded.js';

const PREPROCESSING: io.Preprocessing = {
  ...{ resize: 12, crop: [10, 10], interpolation: 'bicubic' },
  ...{ mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
};
const COUNT = 7;

/** Writes images of various sizes and gives the data set of them. */
async function photographs(folder: string): Promise<data.Dataset> {
  for (let i = 0; i < COUNT; i++) {
    const [height, width] = [14 + 5 * i, 40 - 3 * i];
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) => (at * (i + 3) + (at >> 5) * 11) % 256);
    const label = i % 2 === 0 ? 'even' : 'odd';
    mkdirSync(join(folder, label), { recursive: true });
    const path = join(folder, label, `${i}.png`);
    await sharp(pixels, { raw: { height, width, channels: 3 } }).toFile(path);
  }
  return (await data.imageFolder(folder)).train;
}

const pathOf = (set: data.Dataset, index: number): string => (set.get(index) as data.Sample).image as string;

/** The values of all images of an epoch, by the batches' order, and the labels. */
async function epochOf(loader: data.DataLoader<data.Dataset>): Promise<{ images: Float32Array[]; labels: number[][] }> {
  const images: Float32Array[] = [];
  const labels: number[][] = [];
  for await (const batch of loader) {
    images.push((await batch.images.data()) as Float32Array);
    labels.push([...(await batch.labels.data())]);
    batch.images.dispose();
    batch.labels.dispose();
  }
  return { images, labels };
}

async function withLoader<T>(
  set: data.Dataset,
  options: Partial<data.DataLoaderOptions>,
  use: (loader: data.DataLoader<data.Dataset>) => Promise<T>,
): Promise<T> {
  const loader = new data.DataLoader(set, { batchSize: 3, preprocessing: PREPROCESSING, cache: 'none', ...options });
  try {
    return await use(loader);
  } finally {
    await loader.dispose();
  }
}

const flat = (parts: readonly Float32Array[]): number[] => parts.flatMap((part) => [...part]);

describe('data.DataLoader of images', () => {
  const at = temporaryDirectory();
  let set: data.Dataset;
  returnsMemory();
  before(async () => {
    set = await photographs(at('photographs'));
  });

  for (const cache of ['none', 'memory', 'disk', 'auto'] as const) {
    it(`gives the pixels of loadImages, epoch after epoch: cache ${cache}`, async () => {
      using wanted = await data.loadImages(
        Array.from({ length: COUNT }, (_, i) => pathOf(set, i)),
        PREPROCESSING,
      );
      await withLoader(set, { cache, cacheDir: at(`cache ${cache}`) }, async (loader) => {
        for (let epoch = 0; epoch < 2; epoch++) {
          const { images, labels } = await epochOf(loader);
          assert.deepEqual(flat(images), [...wanted.dataSync()]);
          assert.deepEqual(labels, [[0, 0, 0], [0, 1, 1], [1]]);
        }
      });
    });
  }

  it('gives batches of bfloat16 where it is asked to: the same numbers, rounded', async () => {
    const of = (dtype: 'float32' | 'bfloat16') => withLoader(set, { dtype, augment: { mixup: 0.5 } }, epochOf);
    const [whole, half] = [await of('float32'), await of('bfloat16')];
    assert.deepEqual(flat(half.images), flat(whole.images).map(rounded));
    assert.deepEqual(half.labels, whole.labels);
    await withLoader(set, { dtype: 'bfloat16' }, async (loader) => {
      for await (const { images, labels } of loader) {
        assert.equal(images.dtype, 'bfloat16');
        for (const each of [images, labels]) each.dispose();
      }
    });
  });

  it('draws for an image from the seed, the epoch and its index alone', async () => {
    const augment = { autoAugment: 'rand-m9-n3-mstd0.5-inc1', reprob: 0.5, remode: 'pixel' } as const;
    const bySample = async (options: Partial<data.DataLoaderOptions>): Promise<number[][][]> => {
      return withLoader(set, { augment, seed: 4, cacheDir: at('drawn'), ...options }, async (loader) => {
        const epochs: number[][][] = [];
        for (let epoch = 0; epoch < 2; epoch++) {
          const found: number[][] = [];
          for await (const { images, labels, indices } of loader.feedBatches(epoch)) {
            const values = [...(await images.data())];
            for (const [i, index] of indices.entries()) found[index] = values.slice(i * 300, (i + 1) * 300);
            assert.equal(labels?.length, indices.length);
            images.dispose();
          }
          epochs.push(found);
        }
        return epochs;
      });
    };
    const once = await bySample({});
    assert.notDeepEqual(once[0], once[1]);
    assert.deepEqual(await bySample({ shuffle: true, batchSize: 2, prefetch: 3 }), once);
    assert.deepEqual(await bySample({ cache: 'memory', prefetch: 0 }), once);
    assert.deepEqual(await bySample({ cache: 'disk' }), once);
    assert.notDeepEqual(await bySample({ seed: 5 }), once);
  });

  it('goes on where another stood', async () => {
    const options = { shuffle: true, seed: 2, batchSize: 2, augment: {} };
    const whole = await withLoader(set, options, async (loader) => [await epochOf(loader), await epochOf(loader)]);
    let state: data.LoaderState | undefined;
    await withLoader(set, options, async (loader) => {
      await epochOf(loader);
      for await (const { images, labels } of loader) {
        images.dispose();
        labels.dispose();
        state = JSON.parse(JSON.stringify(loader.state())) as data.LoaderState;
        break;
      }
    });
    assert.deepEqual(state, { epoch: 1, position: 2 });
    await withLoader(set, options, async (loader) => {
      loader.load(state as data.LoaderState);
      const { images, labels } = await epochOf(loader);
      assert.deepEqual(flat(images), flat(whole[1].images.slice(1)));
      assert.deepEqual(labels, whole[1].labels.slice(1));
      assert.deepEqual(loader.state(), { epoch: 2, position: 0 });
    });
  });

  it('leaves out a last batch that is smaller, and follows a sampler', async () => {
    const dropped = await withLoader(set, { dropLast: true }, async (loader) => [loader.length, await epochOf(loader)]);
    assert.deepEqual(
      [dropped[0], (dropped[1] as { labels: number[][] }).labels],
      [
        2,
        [
          [0, 0, 0],
          [0, 1, 1],
        ],
      ],
    );
    const sampler = (epoch: number): number[] => [6, epoch];
    await withLoader(set, { sampler, batchSize: 5 }, async (loader) => {
      assert.deepEqual([loader.length, (await epochOf(loader)).labels], [1, [[1, 0]]]);
    });
    await withLoader(set, { sampler: () => [7] }, (loader) =>
      assert.rejects(epochOf(loader), /an index of the .* sampler/),
    );
  });

  it('draws its seed from a generator, and with it all orders', async () => {
    using generator = new Generator(5);
    const drawn = () =>
      withLoader(set, { shuffle: true, generator }, async (loader) => ({
        seed: loader.seed,
        images: flat((await epochOf(loader)).images),
      }));
    const [first, second] = [await drawn(), await drawn()];
    assert.notEqual(first.seed, second.seed);
    assert.notDeepEqual(first.images, second.images);
    generator.manualSeed(5);
    assert.deepEqual(await drawn(), first);
    await withLoader(set, { shuffle: true, seed: second.seed }, async (loader) => {
      assert.deepEqual(flat((await epochOf(loader)).images), second.images);
    });
    const both = { batchSize: 1, preprocessing: PREPROCESSING, seed: 1, generator };
    assert.throws(() => new data.DataLoader(set, both), /a seed or a generator for DataLoader but received both/);
    const wrong = { batchSize: 1, preprocessing: PREPROCESSING, generator: 7 as unknown as Generator };
    assert.throws(() => new data.DataLoader(set, wrong), /a Generator for DataLoader generator .*7/);
  });

  it('leaves out corrupt images and tells them, and fails beyond maxCorrupt', async () => {
    const folder = at('corrupt');
    const some = await photographs(folder);
    writeFileSync(pathOf(some, 1), 'no image');
    const told: string[] = [];
    const onCorrupt = (message: string) => told.push(message);
    await withLoader(some, { maxCorrupt: 0.2, onCorrupt }, async (loader) => {
      for (let epoch = 0; epoch < 2; epoch++)
        assert.deepEqual((await epochOf(loader)).labels, [
          [0, 0, 0],
          [1, 1, 1],
        ]);
      assert.deepEqual(loader.corrupt, [pathOf(some, 1)]);
    });
    assert.equal(told.length, 1);
    assert.match(told[0], /^Left out: Expected an image .* for .*2\.png but received/);
    await withLoader(some, { onCorrupt }, async (loader) => {
      await assert.rejects(
        epochOf(loader),
        /at most 1 % of 7 images corrupt for the DataLoader but received 1, the last/,
      );
    });
  });

  it('mixes images and labels', async () => {
    const augment = { mixup: 0.8, cutmix: 1, mixupMode: 'elem', smoothing: 0.1 } as const;
    await withLoader(set, { augment, batchSize: 4, shuffle: true }, async (loader) => {
      const { labels } = await epochOf(loader);
      assert.deepEqual(
        labels.map((batch) => batch.length),
        [8, 6],
      );
      for (const batch of labels) {
        for (let i = 0; i < batch.length; i += 2) assert.ok(Math.abs(batch[i] + batch[i + 1] - 1) < 1e-6);
      }
      assert.ok(
        labels.flat().some((share) => share > 0.06 && share < 0.94),
        'some are mixed',
      );
    });
  });

  describe('with a cache on disk', () => {
    const decode = (some: data.Dataset, cacheDir: string) =>
      withLoader(some, { cache: 'disk', cacheDir }, async (loader) => flat((await epochOf(loader)).images));

    it('decodes nothing that an earlier loader has decoded', async () => {
      const some = await photographs(at('once'));
      const path = pathOf(some, 0);
      const time = new Date(1e12);
      utimesSync(path, time, time);
      const first = await decode(some, at('once cache'));
      const { size } = statSync(path);
      writeFileSync(path, Buffer.alloc(size)); // no image any more, but of the same size and time
      utimesSync(path, time, time);
      assert.deepEqual(await decode(some, at('once cache')), first);
      utimesSync(path, time, new Date(2e12));
      await assert.rejects(decode(some, at('once cache')), /corrupt/);
    });

    it('makes a torn file anew, and leaves none that is not whole', async () => {
      const some = await photographs(at('torn'));
      const folder = at('torn cache');
      const first = await decode(some, folder);
      const [name, ...others] = readdirSync(folder);
      assert.deepEqual(others, []);
      const whole = readFileSync(join(folder, name));
      for (const size of [0, 40, whole.length - 1]) {
        truncateSync(join(folder, name), size);
        assert.deepEqual(await decode(some, folder), first);
        assert.deepEqual(readFileSync(join(folder, name)).length, whole.length);
      }
      await withLoader(some, { cache: 'disk', cacheDir: at('part cache'), prefetch: 0 }, async (loader) => {
        for await (const { images } of loader.feedBatches(0)) {
          images.dispose();
          break;
        }
      });
      assert.deepEqual(readdirSync(at('part cache')), []);
    });
  });

  it('refuses options that are none', () => {
    const make = (options: object) => () =>
      new data.DataLoader(set, { batchSize: 1, preprocessing: PREPROCESSING, ...options });
    assert.throws(make({ preprocessing: undefined }), /a model's pretrainedConfig/);
    assert.throws(make({ augment: { autoAugment: 'rand-x9' } }), /sections of m, n.* received 'rand-x9'|'x9'/);
    assert.throws(make({ augment: { autoAugment: 'original' } }), /'rand-...' or 'trivial'/);
    assert.throws(make({ augment: { hflip: 2 } }), /a finite number from 0 to 1 for DataLoader augment hflip/);
    assert.throws(make({ augment: { hflips: 2 } }), /Did you mean hflip/);
    assert.throws(make({ cache: 'ram' }), /one of 'auto', 'memory', 'disk', 'none'/);
    assert.throws(make({ maxCorrupt: -1 }), /DataLoader maxCorrupt/);
    assert.throws(make({ shuffle: true, sampler: () => [0] }), /shuffle or a sampler/);
    assert.throws(() => [...new data.DataLoader(set, { batchSize: 1, preprocessing: PREPROCESSING })], /for await/);
  });
});
