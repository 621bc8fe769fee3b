import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { data, type io } from '../../../lib/index.js';
import { temporaryDirectory } from '../../io/temporary-directory.js';

const golden = fileURLToPath(new URL('../../../../test/golden/', import.meta.url));
const shard = (name: string): string => `${golden}shards/${name}`;
const FACTS = JSON.parse(readFileSync(`${golden}shards.json`, 'utf8')) as {
  names: string[];
  labels: number[];
  colours: number[][];
  tags: number[][];
  coarse: number[];
};

// One pixel of each image, 0 to 255.
const PIXEL: io.Preprocessing = {
  ...{ resize: [1, 1], crop: [1, 1], interpolation: 'nearest', rescale: 1 },
  ...{ mean: [0, 0, 0], std: [1, 1, 1] },
};

const labelOf = (set: data.Dataset, index: number) => (set.get(index) as data.Sample).label;
const labelsOf = (set: data.Dataset): (number | number[])[] =>
  Array.from({ length: set.length }, (_, index) => {
    const label = labelOf(set, index);
    return typeof label === 'number' ? label : [...label];
  });

/** The colours of all images, read in an order of their own. */
async function coloursOf(set: data.Dataset): Promise<number[][]> {
  const options = { batchSize: 3, preprocessing: PIXEL, shuffle: true, cache: 'none' } as const;
  await using loader = new data.DataLoader(set, options);
  const colours: number[][] = [];
  for await (const { images, indices } of loader.feedBatches(0)) {
    const values = [...(await images.data())];
    for (const [i, index] of indices.entries()) colours[index] = values.slice(3 * i, 3 * i + 3);
    images.dispose();
  }
  return colours;
}

const multiHot = (tags: readonly number[]): number[] => FACTS.names.map((_, i) => Number(tags.includes(i)));

describe('data.parquet', () => {
  const at = temporaryDirectory();

  it("reads the shards of a part as Hugging Face's library writes them", async () => {
    const set = await data.parquet([shard('train-00000-of-00002.parquet'), shard('train-00001-of-00002.parquet')]);
    assert.deepEqual(set.classes, FACTS.names);
    assert.deepEqual([...(set.labels ?? [])], FACTS.labels);
    assert.deepEqual(labelsOf(set), FACTS.labels);
    assert.deepEqual(await coloursOf(set), FACTS.colours);
  });

  it('reads one part of a folder, and asks which', async () => {
    const folder = at('parts');
    mkdirSync(folder);
    const names = ['train-00000-of-00002.parquet', 'train-00001-of-00002.parquet', 'test-00000-of-00001.parquet'];
    for (const name of names) copyFileSync(shard(name), `${folder}/${name}`);
    assert.deepEqual([...((await data.parquet(folder, { split: 'test' })).labels ?? [])], FACTS.labels.slice(0, 2));
    assert.equal((await data.parquet(folder, { split: 'train' })).length, FACTS.labels.length);
    await assert.rejects(data.parquet(folder), /files of one part .* received those of "test", "train".*\{ split \}/);
    await assert.rejects(data.parquet(folder, { split: 'dev' }), /files of the part "dev"/);
  });

  it('reads several classes an image, and values', async () => {
    const several = await data.parquet(shard('several.parquet'));
    assert.deepEqual(labelsOf(several), FACTS.tags.map(multiHot));
    assert.equal(several.labels, undefined);
    assert.deepEqual(labelsOf(await data.parquet(shard('soft.parquet'))), [
      [0.25, 0.75],
      [1, 0],
    ]);
  });

  for (const codec of ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4']) {
    it(`reads bytes and names without metadata, compressed by ${codec}`, async () => {
      const set = await data.parquet(shard(`plain-${codec}.parquet`));
      const names = FACTS.labels.slice(0, 3).map((label) => FACTS.names[label]);
      assert.deepEqual(set.classes, [...new Set(names)].sort());
      assert.deepEqual(
        [...(set.labels ?? [])].map((label) => set.classes?.[label]),
        names,
      );
      assert.deepEqual(await coloursOf(set), FACTS.colours.slice(0, 3));
    });
  }

  it('has a thread decompress, which does not keep the process afterwards', async () => {
    const set = await data.parquet(shard('plain-zstd.parquet'));
    const { image } = set.get(0) as data.Sample;
    const isReading = () => process.getActiveResourcesInfo().includes('MessagePort');
    assert.ok(!isReading());
    const bytes = (image as data.ArchivedImage).bytes();
    assert.ok(isReading());
    assert.ok((await bytes).length > 0);
    assert.ok(!isReading());
  });

  it('asks where there is a choice, and takes what is said', async () => {
    await assert.rejects(data.parquet(shard('two.parquet')), /one column of labels .* received "fine", "coarse"/);
    const set = await data.parquet(shard('two.parquet'), { label: 'coarse', image: 'image' });
    assert.deepEqual([[...(set.labels ?? [])], set.classes], [FACTS.coarse, ['x', 'y']]);
    await assert.rejects(
      data.parquet(shard('two.parquet'), { label: 'colour' }),
      /a column "colour" .* "image", "fine"/,
    );
  });

  it('refuses what is no such file, cut short, changed, or without labels', async () => {
    const path = at('other.parquet');
    writeFileSync(path, 'PAR1 not at all');
    await assert.rejects(data.parquet(path), /^TypeError: Expected a Parquet file for .*other\.parquet but received/);
    writeFileSync(path, readFileSync(shard('two.parquet')).subarray(0, -20));
    await assert.rejects(data.parquet(path), /a Parquet file/);
    await assert.rejects(data.parquet(at('none.parquet')), /a readable file or folder .*none\.parquet/);
    await assert.rejects(data.parquet(shard('unlabelled.parquet')), /label of row 0 .* received -1, which says/);
    const wrong = data.parquet(shard('train-00000-of-00002.parquet'), { classes: ['one'] });
    await assert.rejects(wrong, /a class index from 0 to 0 for the label of row/);
    copyFileSync(shard('test-00000-of-00001.parquet'), path);
    const set = await data.parquet(path);
    appendFileSync(path, 'more');
    const { image } = set.get(0) as data.Sample;
    await assert.rejects((image as data.ArchivedImage).bytes(), /a file that stays as it is .* changed while in use/);
  });
});

describe('data.tar', () => {
  const at = temporaryDirectory();

  it('reads shards of images and classes, in any order', async () => {
    const set = await data.tar(shard('web-{000..001}.tar'), { classes: FACTS.names });
    assert.deepEqual([...(set.labels ?? [])], FACTS.labels);
    assert.deepEqual(set.classes, FACTS.names);
    assert.deepEqual(await coloursOf(set), FACTS.colours);
    assert.deepEqual((await data.tar([shard('web-001.tar')])).classes?.length, Math.max(...FACTS.labels.slice(6)) + 1);
  });

  for (const format of ['pax', 'gnu']) {
    it(`reads the long names of ${format}`, async () => {
      const set = await data.tar(shard(`${format}.tar`));
      const { image } = set.get(1) as data.Sample;
      assert.match((image as data.ArchivedImage).name, /^"photos\/(very-){20,}/);
      assert.deepEqual(await coloursOf(set), FACTS.colours.slice(0, 2));
    });
  }

  it('reads names, lists of names and values from JSON', async () => {
    const read = (options: data.TarOptions) => data.tar(shard('json.tar'), options);
    const labels = FACTS.labels.slice(0, 4);
    const named = await read({ classes: FACTS.names });
    assert.deepEqual([...(named.labels ?? [])], labels);
    const several = await read({ classes: FACTS.names, field: 'tags' });
    assert.deepEqual(
      labelsOf(several),
      labels.map((label) => multiHot([0, label])),
    );
    assert.deepEqual(labelsOf(await read({ field: 'soft' }))[0], [0.5, 0.25, 0.25]);
    await assert.rejects(read({ field: 'species' }), /a value "species" for the JSON of "0" of .*json\.tar/);
  });

  it('takes the ending of the images that is asked for, and counts those that are none as corrupt', async () => {
    await assert.rejects(data.tar(shard('json.tar'), { image: 'jpg' }), /an image beside the label \(jpg\)/);
    const set = await data.tar(shard('json.tar'), { image: 'seg.png' });
    await assert.rejects(coloursOf(set), /corrupt .* an image .* for "\d\.seg\.png" of .*json\.tar/);
  });

  it('refuses what is no archive, compressed, cut short, or without labels', async () => {
    const path = at('other.tar');
    const whole = readFileSync(shard('web-001.tar'));
    const refuses = (bytes: Uint8Array, says: RegExp) => {
      writeFileSync(path, bytes);
      return assert.rejects(data.tar(path), says);
    };
    await refuses(
      Buffer.alloc(2048, 'no archive'),
      /^TypeError: Expected a tar archive for .* received something else/,
    );
    await refuses(gzipSync(whole, { level: 0 }), /received one compressed by gzip\. Unpack it: gunzip/);
    await refuses(whole.subarray(0, 1600), /truncated/);
    await refuses(Buffer.alloc(1024), /images and their labels .* received none/);
    const spoilt = Buffer.from(whole);
    spoilt[512 + 3] ^= 1; // in the name of the second entry
    await refuses(spoilt, /other bytes at offset 512/);
    await assert.rejects(data.tar(shard('web-001.tar'), { label: 'json' }), /a label, "json", .* received "cls"/);
    await assert.rejects(data.tar(at('{3..1}.tar')), /a range from the smaller number/);
    await assert.rejects(data.tar([]), /paths of files or folders/);
  });

  it('is cached on disk by the archives', async () => {
    const path = at('cached.tar');
    copyFileSync(shard('web-001.tar'), path);
    const options = { batchSize: 2, preprocessing: PIXEL, cache: 'disk', cacheDir: at('cache') } as const;
    const first = async () => {
      const set = await data.tar(path);
      await using loader = new data.DataLoader(set, options);
      const values: number[] = [];
      for await (const { images, labels } of loader) {
        values.push(...(await images.data()));
        images.dispose();
        labels.dispose();
      }
      return values;
    };
    assert.deepEqual(await first(), FACTS.colours.slice(6).flat());
    assert.deepEqual(await first(), FACTS.colours.slice(6).flat());
    const fewer = readFileSync(shard('web-000.tar'));
    writeFileSync(path, fewer);
    assert.deepEqual(await first(), FACTS.colours.slice(0, 6).flat());
  });
});
