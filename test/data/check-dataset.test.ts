import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { data, evaluate, optim, Trainer, tensor } from '../../lib/index.js';
import { textures, tinyViT } from '../train/tiny-problem.js';

const GOOD = textures(12);
const { images, labels } = GOOD;
const oneHot = new Float32Array(48);
for (const [i, label] of labels.entries()) oneHot[i * 4 + label] = 1;

/** A typed array that another realm made, with the same elements. */
function foreign(name: string, values: Iterable<number>): unknown {
  return runInNewContext(`${name}.from(values)`, { values: [...values] });
}

const WRONG: Record<string, [part: object, message: RegExp]> = {
  'one-hot labels': [{ labels: oneHot }, /Expected 12 class indices .+ received 48 values\. Of one-hot rows, take/],
  'half of the labels': [{ labels: labels.slice(0, 6) }, /Expected 12 class indices .+ received 6 values/],
  'half of the images': [{ images: images.slice(0, 384) }, /Expected 768 pixels, 12 images of 64, .+ received 384/],
  'a count beyond the images': [{ count: 16 }, /Expected 1024 pixels, 16 images of 64, .+ received 768/],
  'no count': [{ count: undefined }, /received one without count/],
  'no numClasses': [{ numClasses: undefined }, /received one without numClasses/],
  'no images': [{ images: undefined }, /received one without images/],
  'a count of 0': [{ count: 0, images: new Float32Array(0), labels: new Int32Array(0) }, /of at least 1 .+ received 0/],
  'labels that are names': [{ labels: Array.from(labels, (i) => `class ${i}`) }, /received 'class 0'.+names\.indexOf/],
  'labels between classes': [{ labels: Float32Array.from(labels, (i) => i + 0.5) }, /from 0 to 3 .+ received 0\.5/],
  'labels that are NaN': [{ labels: new Float32Array(12).fill(Number.NaN) }, /from 0 to 3 .+ received NaN/],
  'labels from 1': [{ labels: labels.map((label) => label + 1) }, /from 0 to 3 .+ received 4\. That is label 3/],
  'labels from -1': [{ labels: labels.map((label) => label - 1) }, /from 0 to 3 .+ received -1/],
  'BigInt labels beyond': [{ labels: BigInt64Array.from(labels, (i) => BigInt(i) + 1n) }, /from 0 to 3 .+ received 4/],
  'labels in a tensor': [{ labels: tensor(labels) }, /an Int32Array of class indices .+ received a int32 tensor/],
  'a shape [height, width]': [{ shape: [8, 8] }, /a shape \[channels, height, width\] .+ received \[8, 8\]/],
  'a shape of fractions': [{ shape: [1, 8.5, 8] }, /a whole number .+ received 8\.5/],
  'images as bytes': [{ images: new Uint8Array(768) }, /a Float32Array of pixels .+ byte \/ 127\.5 - 1/],
  'images as strings': [{ images: Array.from(images, String) }, /pixels that are numbers/],
};

describe('a data set', () => {
  for (const [name, [part, message]] of Object.entries(WRONG)) {
    it(`is refused with ${name}, by all who take one`, async () => {
      using model = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const wrong = { ...GOOD, ...part };
      const options = { model, optimizer, batchSize: 4, epochs: 1 };
      const refusal = { name: 'TypeError', message };
      assert.throws(() => new Trainer({ ...options, train: wrong }), refusal);
      assert.throws(() => new Trainer({ ...options, train: GOOD, test: wrong }), refusal);
      assert.throws(() => new data.DataLoader(wrong, { batchSize: 4 }), refusal);
      await assert.rejects(evaluate(model, wrong), refusal);
      optimizer.dispose();
    });
  }

  it('is refused where it is none', () => {
    for (const none of [null, undefined, 'digits']) {
      assert.throws(
        () => new data.DataLoader(none as never, { batchSize: 4 }),
        /Expected a data set of images, labels/,
      );
    }
  });

  const MEANT: Record<string, object> = {
    'images in an array': { images: [...images] },
    'images of 64 bits': { images: Float64Array.from(images) },
    "images of another realm's": { images: foreign('Float32Array', images) },
    'labels in an array': { labels: [...labels] },
    "labels of another realm's": { labels: foreign('Int32Array', labels) },
    'labels as bytes': { labels: Uint8Array.from(labels) },
    'labels as floats': { labels: Float32Array.from(labels) },
    'labels as BigInts': { labels: BigInt64Array.from(labels, BigInt) },
    'labels as an array of BigInts': { labels: Array.from(labels, BigInt) },
  };
  for (const [name, part] of Object.entries(MEANT)) {
    it(`is taken as it is meant with ${name}`, () => {
      const batches = (set: object) => [
        ...new data.DataLoader(set as data.ArrayDataset, { batchSize: 5 }).hostBatches(0),
      ];
      assert.deepEqual(batches({ ...GOOD, ...part }), batches(GOOD));
    });
  }
});

describe('DataLoader', () => {
  it('refuses options that are unknown or of another type', () => {
    const make = (options: object) => () => new data.DataLoader(GOOD, options as data.DataLoaderOptions);
    assert.throws(
      make({ batchSize: 4, shufle: true }),
      /^TypeError: Expected an option among .+ Did you mean shuffle\?/,
    );
    assert.throws(make({ batchSize: 4, shuffle: 'no' }), /^TypeError: Expected true or false for DataLoader shuffle/);
    assert.throws(make({ batchSize: 0 }), /^TypeError: Expected a whole number of at least 1 for DataLoader batchSize/);
  });

  it('refuses a label that has become no class', () => {
    const set = textures(12);
    const loader = new data.DataLoader(set, { batchSize: 4 });
    const iterator = loader.hostBatches(0);
    iterator.next();
    set.labels[9] = 7;
    iterator.next();
    assert.throws(() => iterator.next(), /^TypeError: Expected class labels from 0 to 3 for a batch but received 7\./);
  });

  it('gives large batches on the stream, the same numbers', async () => {
    const [count, shape] = [6, [3, 256, 256] as const];
    const images = Float32Array.from({ length: count * 3 * 256 * 256 }, (_, i) => (i % 1009) / 1009);
    const set = { images, labels: Int32Array.from([0, 1, 0, 1, 0, 1]), count, shape, numClasses: 2 };
    const loader = new data.DataLoader(set, { batchSize: 4, shuffle: true });
    const small = [...loader.hostBatches(0)];
    const large = [];
    for await (const batch of loader.arrayBatches(0)) large.push(batch);
    assert.equal(large.length, 2);
    for (const [i, { images: held, labels }] of large.entries()) {
      assert.ok(!(held instanceof Float32Array), 'on the stream');
      assert.deepEqual(labels, small[i].labels);
      assert.ok(Buffer.from((await held.data()).buffer).equals(Buffer.from(small[i].images.buffer)));
      held.dispose();
    }
  });

  it('checks a data set again before each pass, as its parts may be exchanged', () => {
    const set = { ...textures(12) };
    const loader = new data.DataLoader(set, { batchSize: 4 });
    assert.equal([...loader.hostBatches(0)].length, 3);
    Object.assign(set, { images: set.images.slice(0, 64) });
    assert.throws(() => loader.hostBatches(1).next(), /Expected 768 pixels, 12 images of 64, .+ received 64/);
  });
});
