import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { data, features, ViT } from '../../lib/index.js';
import { readNpy } from '../../lib/io/formats/npy-file.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { returnsMemory } from '../native-op.js';
import { generator, uniform } from '../reference/random.js';

const CONFIG = { imgSize: 4, patchSize: 2, inChans: 1, embedDim: 8, depth: 2, numHeads: 2, numClasses: 3 };

/** A set of random vectors. */
function randomSet(count: number, width: number, seed: number): features.FeatureSet {
  return { values: Float32Array.from(uniform([count, width], generator(seed), -1, 1).data), count, width };
}

const BYTES = { resize: 'none', crop: [4, 4], interpolation: 'bilinear', mean: [0.5], std: [0.5] } as const;

describe('features of data sets', () => {
  const path = temporaryDirectory();
  returnsMemory();

  const SET = data.fromArrays({
    images: Uint8Array.from({ length: 5 * 16 }, (_, i) => (i * 37) % 256),
    labels: [2, 0, 1, 0, 2],
    shape: [1, 4, 4],
    classes: ['ant', 'bee', 'cat'],
  });

  it('are the same bits where a batch is replayed, whatever mode the model is in', async () => {
    const images = {
      images: Uint8Array.from({ length: 9 * 16 }, (_, i) => (i * 53) % 256),
      labels: new Array(9).fill(0),
    };
    const set = data.fromArrays({ ...images, shape: [1, 4, 4], classes: ['all'] });
    using model = new ViT({ ...CONFIG, projDropRate: 0.5 }).train();
    const given = { preprocessing: BYTES, layers: 2 };
    const [one, many] = [
      await features.extract(model, set, { ...given, batchSize: 9 }),
      await features.extract(model, set, { ...given, batchSize: 2 }),
    ];
    assert.equal(one.width, 16);
    assert.deepEqual(many.values, one.values);
    assert.ok(model.training);
  });

  it('are those of the model, batch by batch, with labels, in the order of the data', async () => {
    using model = new ViT(CONFIG);
    const all = await features.extract(model, SET, {
      preprocessing: BYTES,
      batchSize: 5,
      pool: 'mean',
      normalize: true,
    });
    const some = await features.extract(model, SET, {
      preprocessing: BYTES,
      batchSize: 2,
      pool: 'mean',
      normalize: true,
    });
    assert.deepEqual([all.count, all.width, all.classes], [5, 8, ['ant', 'bee', 'cat']]);
    assert.deepEqual(all.labels, Int32Array.of(2, 0, 1, 0, 2));
    for (const [i, value] of all.values.entries()) assert.ok(Math.abs(value - some.values[i]) < 1e-6);
    const first = all.values.subarray(0, 8);
    assert.ok(Math.abs(Math.hypot(...first) - 1) < 1e-6);
  });

  it('have no labels where images are of several classes, and say so', async () => {
    using model = new ViT(CONFIG);
    const several = await data.fromSamples(
      Array.from({ length: 2 }, (_, i) => ({
        image: { pixels: new Uint8Array(16), height: 4, width: 4, channels: 1 as const },
        label: Float32Array.of(i, 1),
      })),
      { classes: ['ant', 'bee'] },
    );
    const told: string[] = [];
    const note = ({ message }: Error) => void told.push(message);
    process.on('warning', note);
    const { labels } = await features.extract(model, several, { preprocessing: BYTES });
    await new Promise(setImmediate);
    process.off('warning', note);
    assert.equal(labels, undefined);
    assert.match(told.join(), /images of one class each for features\.extract but received labels of several/);
  });

  it('come of arrays and of shuffled loaders with the labels that go with them', async () => {
    using model = new ViT(CONFIG);
    const images = Float32Array.from(uniform([6, 16], generator(1), -1, 1).data);
    const arrays = {
      images,
      labels: Int32Array.of(0, 1, 2, 2, 1, 0),
      count: 6,
      shape: [1, 4, 4],
      numClasses: 3,
    } as const;
    const plain = await features.extract(model, arrays);
    const loader = new data.DataLoader<data.ArrayDataset>(arrays, { batchSize: 4, shuffle: true, seed: 3 });
    const shuffled = await features.extract(model, loader);
    const order = Array.from(loader.order(0));
    assert.notDeepEqual(order, [0, 1, 2, 3, 4, 5]);
    for (const [row, index] of order.entries()) {
      assert.equal(shuffled.labels?.[row], arrays.labels[index]);
      for (let d = 0; d < 8; d++) {
        assert.ok(Math.abs(shuffled.values[row * 8 + d] - plain.values[index * 8 + d]) < 1e-6);
      }
    }
  });

  it('stop at a signal, and refuse tokens', async () => {
    using model = new ViT(CONFIG);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(features.extract(model, SET, { preprocessing: BYTES, signal }), /enough/);
    await assert.rejects(features.extract(model, SET, { preprocessing: BYTES, pool: 'none' }), /one of 'head', 'cls'/);
  });

  it('are written as numpy reads them, with an index, and read back', async () => {
    const set = { ...randomSet(3, 2, 4), labels: Int32Array.of(1, 0, 1), classes: ['a', 'b'], images: ['x', 'y', 'z'] };
    await features.write(path('some.npy'), set, { model: 'm.safetensors', pool: 'cls', normalize: false });
    const file = readFileSync(path('some.npy'));
    const expected = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    assert.equal(file.toString('latin1', 0, expected.length), expected);
    assert.equal(file.length, 128 + 24);
    const { facts, ...back } = await features.read(path('some.npy'));
    assert.deepEqual(back, set);
    assert.deepEqual(facts, { model: 'm.safetensors', pool: 'cls', normalize: false });
    assert.deepEqual((await readNpy(path('some.npy'))).shape, [3, 2]);
  });

  it('are refused where the index is of others, or the file is damaged', async () => {
    await features.write(path('one.npy'), { ...randomSet(3, 2, 4), images: ['x', 'y', 'z'] });
    const index = readFileSync(path('one.json'));
    await features.write(path('one.npy'), randomSet(3, 2, 5));
    writeFileSync(path('one.json'), index);
    await assert.rejects(features.read(path('one.npy')), /the index of .+ but received that of other features/);
    writeFileSync(path('one.npy'), readFileSync(path('one.npy')).subarray(0, 140));
    await assert.rejects(features.read(path('one.npy')), /in 152 bytes .+ but received 140 bytes/);
    await assert.rejects(features.write(path('one.bin'), randomSet(1, 1, 1)), /ends in \.npy/);
    assert.equal(existsSync(path('one.bin')), false);
  });
});

describe('the k nearest neighbours', () => {
  returnsMemory();

  // Two directions, of which the second has more votes but the first is nearer.
  const train = {
    values: Float32Array.of(1, 0, 0.8, 0.6, 0.8, -0.6, 0, 1),
    labels: Int32Array.of(0, 1, 1, 2),
    count: 4,
    width: 2,
  };

  it('vote by exp(cosine / temperature)', async () => {
    const test = { values: Float32Array.of(2, 0), labels: Int32Array.of(0), count: 1, width: 2 };
    const sharp = await features.knn(train, test, { k: 3 });
    assert.deepEqual([sharp.accuracy, [...sharp.predictions]], [1, [0]]);
    const flat = await features.knn(train, test, { k: 3, temperature: 1 });
    assert.deepEqual([flat.accuracy, flat.top5, [...flat.predictions]], [0, 1, [1]]); // 2 exp(0.8) > exp(1)
  });

  it('judge each image by all others where there is no test set', async () => {
    const { predictions } = await features.knn(train, undefined, { k: 1 });
    assert.deepEqual([...predictions], [1, 0, 0, 1]);
  });

  it('need labels', async () => {
    const { labels: _, ...bare } = train;
    await assert.rejects(features.knn(bare), /the class of each image .+ without labels/);
  });
});
