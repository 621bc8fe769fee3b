import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { data, type io, optim, Trainer } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { tinyViT } from '../train/tiny-problem.js';

const PREPROCESSING: io.Preprocessing = {
  ...{ resize: [8, 8], crop: [8, 8], interpolation: 'bilinear', rescale: 1 },
  ...{ mean: [0], std: [1] },
};
const COUNT = 6;
const shards = fileURLToPath(new URL('../../../test/golden/shards/', import.meta.url));

/** A data set of bytes, but for what is given. */
function given(changes: Partial<data.Dataset>): data.Dataset {
  const pixels = new Uint8Array(64);
  const get = (index: number) => ({ image: { pixels, height: 8, width: 8, channels: 1 as const }, label: index % 2 });
  return { length: COUNT, get, ...changes };
}

/** Goes through epochs; gives how many images each had. */
async function epochs(
  set: data.Dataset,
  options: Partial<data.DataLoaderOptions> = {},
  between: (epoch: number) => void = () => undefined,
): Promise<number[]> {
  const common = { batchSize: 2, preprocessing: PREPROCESSING, onCorrupt: () => undefined } as const;
  await using loader = new data.DataLoader(set, { ...common, ...options });
  const counts: number[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    let count = 0;
    for await (const { images, labels } of loader) {
      count += images.shape[0];
      images.dispose();
      labels.dispose();
    }
    counts.push(count);
    between(epoch);
  }
  return counts;
}

describe('bad input of data sets', () => {
  const at = temporaryDirectory();

  async function folder(name: string, spoil: (path: string, i: number) => void): Promise<string> {
    const png = await sharp(Buffer.alloc(192, 9), { raw: { height: 8, width: 8, channels: 3 } })
      .png()
      .toBuffer();
    for (let i = 0; i < COUNT; i++) {
      const path = at(`${name}/${'ab'[i % 2]}/${i}.png`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, png);
      spoil(path, i);
    }
    return at(name);
  }

  it('is one sentence for files without a byte', async () => {
    const { train } = await data.imageFolder(await folder('empty', (path) => truncateSync(path)));
    const says =
      /^TypeError: Expected at most 1 % of 6 images corrupt .* an image .*\.png but received [^\n]+raise maxCorrupt\.$/;
    await assert.rejects(epochs(train), says);
  });

  it('is told where no image can be read, though all may be left out', async () => {
    const { train } = await data.imageFolder(await folder('torn', (path) => writeFileSync(path, 'no picture')));
    const says = /^TypeError: Expected at least one image that can be read for the DataLoader but received none of 6\./;
    await assert.rejects(epochs(train, { maxCorrupt: 1 }), says);
  });

  it('names a file that may not be read', async () => {
    const { train } = await data.imageFolder(await folder('closed', (path, i) => i === 3 && chmodSync(path, 0)));
    const isRoot = process.geteuid?.() === 0; // who may read whatever there is
    chmodSync(at('.'), 0o755);
    if (isRoot) process.seteuid?.(65534);
    try {
      // The first of them, where all lie in a folder that is closed to others.
      await assert.rejects(epochs(train), /a readable file for .*[03]\.png but received EACCES: [^\n]+$/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('follows no link in a circle, nor one that leads nowhere', async () => {
    const root = await folder('circle', () => undefined);
    symlinkSync('..', at('circle/a/up'));
    symlinkSync('loop', at('circle/a/loop'));
    symlinkSync('gone.png', at('circle/b/missing.png'));
    const { train } = await data.imageFolder(root);
    assert.deepEqual(await epochs(train), [COUNT, COUNT]);
  });

  for (const [name, wrong] of [
    ['beyond the classes', 2],
    ['below 0', -1],
    ['NaN', Number.NaN],
  ] as const) {
    it(`names the item whose label is ${name}`, async () => {
      const get = (index: number) => ({ ...(given({}).get(index) as data.Sample), label: index === 3 ? wrong : 0 });
      const says = new RegExp(`class index from 0 to 1, .* label of item 3 of the data set but received ${wrong}\\.`);
      await assert.rejects(epochs(given({ classes: ['a', 'b'], get })), says);
    });
  }

  for (const [name, fail] of [
    ['throws', () => assert.fail('no disk')],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ] as const) {
    it(`names the item whose get ${name}`, async () => {
      const get = (index: number) => (index === 3 ? fail() : given({}).get(index)) as data.Sample;
      const says = /^TypeError: Expected \{ image, label \} for item 3 of the data set .* its get: no disk\.$/;
      await assert.rejects(epochs(given({ get })), says);
    });
  }

  it('refuses a data set that has become shorter, or longer', async () => {
    for (const length of [COUNT - 2, COUNT + 2]) {
      const set = given({}) as { length: number } & data.Dataset;
      const change = () => {
        set.length = length;
      };
      const says = new RegExp(`^TypeError: Expected 6 items, as before, for the data set but received ${length}\\.`);
      await assert.rejects(epochs(set, {}, change), says);
    }
  });

  it('says that a data set has become shorter where an item is missing', async () => {
    const set = given({}) as { length: number; get: data.Dataset['get'] } & data.Dataset;
    const { get } = set;
    set.get = (index) => {
      set.length = 2;
      if (index >= 2) throw new RangeError(`no item ${index}`);
      return get(index);
    };
    await assert.rejects(epochs(set), /item 2 of the data set .* no item 2\. It has 2 items now; a data set must stay/);
  });

  it('ends a training by the same sentence', async () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const set = given({}) as { length: number } & data.Dataset;
    await using train = new data.DataLoader(set, { batchSize: 2, preprocessing: PREPROCESSING, numClasses: 4 });
    const shorten = {
      onEpochEnd: () => {
        set.length = 2;
      },
    };
    const trainer = new Trainer({ model, optimizer, train, batchSize: 2, epochs: 2, callbacks: [shorten] });
    await assert.rejects(trainer.fit(), /^TypeError: Expected 6 items, as before, for the data set but received 2\./);
    optimizer.dispose();
  });

  it('is one sentence for archives that end in the middle', async () => {
    const half = (name: string, length: number): string => {
      const path = at(name);
      writeFileSync(path, readFileSync(`${shards}${name}`).subarray(0, length));
      return path;
    };
    await assert.rejects(data.tar(half('web-000.tar', 10240)), /^TypeError: .* The archive is truncated\.$/);
    const parquet = data.parquet(half('train-00000-of-00002.parquet', 1600));
    await assert.rejects(
      parquet,
      /^TypeError: Expected a Parquet file for .*parquet but received [^\n]+footer[^\n]+\.$/,
    );
  });

  it('names the rows of a Parquet file that are damaged', async () => {
    const path = at('damaged.parquet');
    const bytes = readFileSync(`${shards}plain-gzip.parquet`);
    for (let i = 30; i < 90; i++) bytes[i] ^= 0x5a;
    writeFileSync(path, bytes);
    const says =
      /^TypeError: Expected at most 1 % .* rows 0 to 2 of column 'image' for .*damaged\.parquet but received/;
    await assert.rejects(epochs(await data.parquet(path)), says);
  });

  it('refuses a cache in a folder that cannot be made', async () => {
    const { train } = await data.imageFolder(await folder('whole', () => undefined));
    const says =
      /^TypeError: Expected a folder that can be written to for \/dev\/null\/x but received ENOTDIR: .* \{ cacheDir \}\.$/;
    await assert.rejects(epochs(train, { cache: 'disk', cacheDir: '/dev/null/x' }), says);
  });
});
