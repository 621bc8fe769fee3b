import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { decodeSet, findImages } from '../../lib/cli/image-data.js';
import { packedFiles } from '../../lib/cli/packed-data.js';
import type { io } from '../../lib/index.js';
import { goldenPath } from '../io/pretrained/fixtures.js';
import { temporaryDirectory } from '../io/temporary-directory.js';

const shards = (name: string): string => goldenPath(`shards/${name}`);
const PREPARATION: io.Preprocessing = {
  resize: 'none',
  crop: [4, 4],
  interpolation: 'bilinear',
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

describe('--data of Parquet files and tar archives', () => {
  const at = temporaryDirectory();

  it('is told by its ending; a folder, by what lies in it', async () => {
    assert.equal((await packedFiles('x/train-{000..002}.tar'))?.kind, 'tar');
    assert.equal((await packedFiles(shards('two.parquet')))?.kind, 'parquet');
    assert.equal(await packedFiles(goldenPath('hf-vit')), undefined);
    assert.equal(await packedFiles('nowhere'), undefined);
  });

  it('is a folder with parts, by the names of files, as Hugging Face has them', async () => {
    const names = ['train-00000-of-00002.parquet', 'train-00001-of-00002.parquet', 'test-00000-of-00001.parquet'];
    mkdirSync(at('set/data'), { recursive: true });
    for (const name of names) copyFileSync(shards(name), at(`set/data/${name}`));
    const { train, test, classes, side } = await findImages(at('set'), { valSplit: undefined, seed: 0 });
    assert.deepEqual(classes, ['cat', 'dog', 'a long, ü name']);
    assert.ok(train.length > 0 && test.length > 0 && side > 0);
    const { set, corrupt } = await decodeSet(test, PREPARATION, () => undefined);
    assert.deepEqual([set.count, corrupt, [...set.labels]], [test.length, [], [...test.labels]]);
    assert.ok(set.images.some((value) => value !== 0));
  });

  it('is split, each class alike, where it is one file or archives', async () => {
    for (const path of [shards('train-00000-of-00002.parquet'), shards('web-{000..001}.tar')]) {
      const { train, test } = await findImages(path, { valSplit: 0.4, seed: 1 });
      const again = await findImages(path, { valSplit: 0.4, seed: 1 });
      assert.ok(train.length > 0 && test.length > 0, path);
      assert.deepEqual(again.test.labels, test.labels);
    }
  });

  it('is a table of images and labels where it ends in .csv', async () => {
    const rows = ['cat', 'dog', 'cat', 'dog'].map((label, i) => `${i}.png,${label}`);
    writeFileSync(at('list.csv'), ['path,label', ...rows].join('\n'));
    const pixels = { width: 5, height: 6, channels: 3, background: 'red' } as const;
    for (const i of rows.keys())
      await sharp({ create: pixels })
        .png()
        .toFile(at(`${i}.png`));
    const { train, test, classes, side } = await findImages(at('list.csv'), { valSplit: 0.5, seed: 0 });
    assert.deepEqual([train.length, test.length, classes, side], [2, 2, ['cat', 'dog'], 5]);
  });

  it('is refused where images are of several classes each', async () => {
    await assert.rejects(
      findImages(shards('several.parquet'), { valSplit: undefined, seed: 0 }),
      /one class for each image for .+several\.parquet but received several/,
    );
  });
});
