import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { data } from '../../../lib/index.js';
import { temporaryDirectory } from '../../io/temporary-directory.js';

/** An IDX file of bytes. */
function idxFile(shape: readonly number[], bytes: readonly number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  for (const [i, size] of shape.entries()) head.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([head, Buffer.from(bytes)]);
}

describe('data.csv', () => {
  const at = temporaryDirectory();
  const write = (text: string): string => {
    const path = at('list.csv');
    writeFileSync(path, text);
    return path;
  };

  it('reads paths below its folder and names of classes, quoted or not', async () => {
    const set = await data.csv(write('\uFEFFpath,label\r\n"a, b.jpg",dog\r\n/c.jpg,"the ""cat"""\n\nd.jpg,dog'));
    assert.deepEqual(set.classes, ['dog', 'the "cat"']);
    assert.deepEqual([...(set.labels ?? [])], [0, 1, 0]);
    assert.deepEqual(set.get(0), { image: at('a, b.jpg'), label: 0 });
    assert.deepEqual(set.get(1), { image: '/c.jpg', label: 1 });
  });

  it('reads several labels of an image', async () => {
    const options = { path: 'file', label: 'tags', delimiter: '\t', labelDelimiter: ';', root: '/images' };
    const set = await data.csv(write('tags\tfile\nsea; sky\t1.png\n\t2.png\n'), options);
    assert.deepEqual(set.get(0), { image: '/images/1.png', label: Float32Array.of(1, 1) });
    assert.deepEqual(set.get(1), { image: '/images/2.png', label: Float32Array.of(0, 0) });
  });

  const WRONG: [string, object, RegExp][] = [
    ['file,label\na,b', {}, /a column "path" .* received "file", "label"/],
    ['path,label\na', {}, /2 cells for row 2 of .* received 1/],
    ['path,label\na,x', { classes: ['y'] }, /a class among "y" for row 2 .* received 'x'/],
    ['path,label\na,', {}, /a label for row 2 .* received none/],
    ['path,label\n', {}, /rows below the head/],
  ];
  for (const [text, options, says] of WRONG) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.rejects(data.csv(write(text), options), says));
  }
});

describe('data.idx', () => {
  const at = temporaryDirectory();
  const STYLES: Record<string, [images: string, labels: string, name?: string]> = {
    "MNIST's": ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
    unpacked: ['t10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte'],
    "EMNIST's": ['emnist-letters-test-images-idx3-ubyte', 'emnist-letters-test-labels-idx1-ubyte', 'emnist-letters'],
  };
  for (const [style, [images, labels, name]] of Object.entries(STYLES)) {
    it(`reads files with names as ${style}`, async () => {
      const folder = at(`style ${style}`);
      mkdirSync(folder);
      writeFileSync(join(folder, images), idxFile([2, 1, 2], [1, 2, 3, 4]));
      writeFileSync(join(folder, labels), idxFile([2], [0, 2]));
      const set = await data.idx(folder, 'test', name);
      assert.deepEqual(set.classes, ['0', '1', '2']);
      const image = { pixels: Uint8Array.of(3, 4), height: 1, width: 2, channels: 1 };
      assert.deepEqual(set.get(1), { image, label: 2 });
      await assert.rejects(data.idx(folder, 'train'), /train-images-idx3-ubyte, .gz or not, for .* received none/);
    });
  }
});

describe('data.cifar10 and data.cifar100', () => {
  const at = temporaryDirectory();
  const planes = [...Array(1024).fill(1), ...Array(1024).fill(2), ...Array(1024).fill(3)];

  it('read the binary version: labels, then planes', async () => {
    mkdirSync(at('cifar-10-batches-bin'), { recursive: true });
    writeFileSync(at('cifar-10-batches-bin/test_batch.bin'), Buffer.from([9, ...planes, 4, ...planes]));
    const set = await data.cifar10(at('.'), 'test');
    assert.deepEqual([...set.labels], [9, 4]);
    const { image } = set.get(1);
    assert.ok(typeof image === 'object' && 'pixels' in image);
    assert.deepEqual([image.height, image.width, image.channels], [32, 32, 3]);
    assert.deepEqual([...image.pixels.subarray(-6)], [1, 2, 3, 1, 2, 3]);
    await assert.rejects(data.cifar10(at('.'), 'train'), /data_batch_1.bin/);
    writeFileSync(at('train.bin'), Buffer.from([19, 99, ...planes]));
    assert.deepEqual([...(await data.cifar100(at('.'), 'train')).labels], [99]);
    assert.deepEqual([...(await data.cifar100(at('.'), 'train', { coarse: true })).labels], [19]);
    writeFileSync(at('test.bin'), Buffer.from([1, 2, 3]));
    await assert.rejects(data.cifar100(at('.'), 'test'), /records of 3074 bytes .* received 3 bytes/);
  });
});

describe('subset, concat, split and balanced', () => {
  const images = Uint8Array.from({ length: 12 }, (_, i) => i);
  const set = data.fromArrays({ images, labels: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1], shape: [1, 1, 1] });
  const pixelOf = async (of: data.Dataset, index: number) => {
    const { image } = await of.get(index);
    return (image as data.RawImage).pixels[0];
  };

  it('choose, join and part items with their labels', async () => {
    const some = data.subset(set, [10, 0]);
    const both = data.concat([some, set]);
    assert.deepEqual([both.length, [...(both.labels ?? [])].slice(0, 3)], [14, [1, 0, 0]]);
    assert.deepEqual([await pixelOf(both, 0), await pixelOf(both, 1), await pixelOf(both, 13)], [10, 0, 11]);
    const [rest, apart] = await data.split(set, 1 / 3, { seed: 5 });
    assert.deepEqual([[...(apart.labels ?? [])], rest.length], [[0, 0, 0, 1], 8]);
    assert.throws(() => data.subset(set, [12]), /an index of subset/);
    assert.throws(() => data.concat([set, { ...some, classes: ['x', 'y'] }]), /the same classes/);
  });

  it('draw every class as often', async () => {
    const labels = Array.from((await data.balanced(set, { length: 2000, seed: 3 }))(0), (index) => set.labels[index]);
    const ones = labels.filter((label) => label === 1).length;
    assert.ok(ones > 900 && ones < 1100, `${ones} of 2000`);
  });

  it('refuse what is no data set', () => {
    assert.throws(() => data.fromArrays({ images, labels: [0], shape: [1, 1, 1] }), /12 class indices/);
    assert.throws(() => data.subset({ length: 0, get: () => 0 }, []), /at least one item/);
    assert.throws(() => data.concat([]), /at least one data set/);
  });
});
