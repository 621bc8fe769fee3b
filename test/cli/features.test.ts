import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embedImages } from '../../lib/cli/embed-images.js';
import { layersFlag } from '../../lib/cli/feature-flags.js';
import { features, ViT } from '../../lib/index.js';
import { packageRoot } from '../../lib/package-root.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { runCli } from './run-cli.js';

const PIXELS = join(packageRoot, 'test/golden/pixels');
const PREPARED = { layout: 'vitrine', resize: [8, 8], crop: [8, 8], interpolation: 'bicubic' } as const;

describe('vitrine embed, knn and nearest', () => {
  const path = temporaryDirectory();

  before(async () => {
    using model = new ViT({ imgSize: 8, patchSize: 4, embedDim: 16, depth: 2, numHeads: 2, numClasses: 2 });
    model.pretrainedConfig = { ...PREPARED, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    await model.save(path('model.safetensors'));
    for (const [name, files] of [
      ['jpeg', ['420.jpg', '422.jpg', '444.jpg']],
      ['png', ['P.png', 'L.png']],
    ] as const) {
      mkdirSync(path(`photos/${name}`), { recursive: true });
      for (const file of files) copyFileSync(join(PIXELS, file), path(`photos/${name}/${file}`));
    }
    writeFileSync(path('photos/png/broken.png'), 'no picture');
  });

  it('write features with an index, and name what cannot be read', async () => {
    const args = ['embed', path('photos'), '--model', path('model.safetensors'), '--out', path('f.npy'), '-b', '2'];
    const { code, stdout, stderr } = await runCli(args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^5 images, 16 numbers each, 1 left out\n {2}.+f\.npy\n {2}.+f\.json\n$/);
    assert.match(stderr, /^vitrine: Left out: .+broken\.png.+\n$/);
    const set = await features.read(path('f.npy'));
    assert.deepEqual(set.images, ['jpeg/420.jpg', 'jpeg/422.jpg', 'jpeg/444.jpg', 'png/L.png', 'png/P.png']);
    assert.deepEqual([set.labels, set.classes], [Int32Array.of(0, 0, 0, 1, 1), ['jpeg', 'png']]);
    assert.deepEqual(
      set.facts.skipped?.map(({ image }) => image),
      ['png/broken.png'],
    );
    const again = await runCli(args);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /a path where nothing is .+ --force/);
  });

  it('find an image itself as the nearest, and show it on a page', async () => {
    const image = path('photos/jpeg/422.jpg');
    const { code, stdout, stderr } = await runCli([
      'nearest',
      image,
      '--features',
      path('f.npy'),
      '-k',
      '2',
      '--json',
      '--html',
      path('near.html'),
    ]);
    assert.equal(code, 0, stderr);
    const { nearest } = JSON.parse(stdout) as { nearest: { image: string; similarity: number; label: string }[] };
    assert.equal(nearest.length, 2);
    assert.equal(nearest[0].label, 'jpeg');
    assert.ok(Math.abs(nearest[0].similarity - 1) < 1e-5);
    const page = readFileSync(path('near.html'), 'utf8');
    assert.equal([...page.matchAll(/<img /g)].length, 3);
    assert.match(page, /2 of 5 images of/);
  });

  it('tell how well neighbours know classes', async () => {
    const { code, stdout } = await runCli(['knn', '--features', path('f.npy'), '-k', '1', '--json']);
    assert.equal(code, 0);
    const { accuracy, k, test } = JSON.parse(stdout) as { accuracy: number; k: number; test: null };
    assert.ok(accuracy >= 0 && accuracy <= 1);
    assert.deepEqual([k, test], [1, null]);
    const wrong = await runCli(['knn', '--model', path('model.safetensors')]);
    assert.equal(wrong.code, 2);
  });

  it('train a head on features, which predict then reads', async () => {
    for (const name of ['a', 'b']) {
      for (let i = 0; i < 3; i++) {
        mkdirSync(path(`sides/${name}`), { recursive: true });
        copyFileSync(
          join(PIXELS, name === 'a' ? '420.jpg' : 'L.png'),
          path(`sides/${name}/${i}.${name === 'a' ? 'jpg' : 'png'}`),
        );
      }
    }
    const given = ['--model', path('model.safetensors'), '--data', path('sides'), '--out', path('probe')];
    const { code, stdout, stderr } = await runCli(['probe', ...given, '--epochs', '20', '--lr', '0.1']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^4 images to learn from, 2 to test with\n {2}test accuracy {2}100\.0%\n/);
    assert.deepEqual(readdirSync(path('probe')).sort(), [
      ...['classes.json', 'metrics.jsonl', 'model.safetensors', 'report.html', 'summary.json'],
    ]);
    const predicted = await runCli([
      'predict',
      '--run',
      path('probe'),
      path('sides/b/0.png'),
      '--format',
      'csv',
      '--top',
      '1',
    ]);
    assert.match(predicted.stdout, /,1,b,/);
  });

  it('leave nothing behind where they are interrupted', async () => {
    const { signal } = { signal: AbortSignal.abort(new Error('interrupted')) };
    const settings = { model: path('model.safetensors'), out: path('g.npy'), batchSize: 2, precision: 'fp32' } as const;
    const interruption = { signal, onFirst: () => {}, exitCode: () => 130, release: () => {} };
    await assert.rejects(embedImages(path('photos'), { ...settings, force: false }, interruption), /interrupted/);
    assert.equal(existsSync(path('g.json')), false);
    assert.deepEqual(
      readdirSync(path('.')).filter((name) => name.includes('g.npy')),
      [],
    );
  });

  it('take layers as a count or as numbers', () => {
    assert.deepEqual([layersFlag('4'), layersFlag('5,11'), layersFlag('-1,')], [4, [5, 11], [-1]]);
    for (const text of ['', 'last', '0', '1.5,2']) assert.throws(() => layersFlag(text), /--layers/);
  });
});
