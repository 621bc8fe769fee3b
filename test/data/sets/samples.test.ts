import assert from 'node:assert/strict';
import { data, type io, ones, tensor } from '../../../lib/index.js';
import { returnsMemory } from '../../native-op.js';

// Grey images of one pixel, as they are.
const PIXEL: io.Preprocessing = {
  ...{ resize: 'none', crop: [1, 1], interpolation: 'nearest', rescale: 1 },
  ...{ mean: [0], std: [1] },
};

const grey = (value: number): data.RawImage => ({
  ...{ pixels: Uint8Array.of(value), height: 1, width: 1, channels: 1 },
});
const samples = (count: number): data.Sample[] =>
  Array.from({ length: count }, (_, i) => ({ image: grey(i), label: i % 3 }));

type Options = Partial<data.DataLoaderOptions>;
const loaderOf = <D extends data.Dataset | data.SampleStream>(set: D, options: Options = {}) =>
  new data.DataLoader(set, { batchSize: 4, preprocessing: PIXEL, ...options });

/** Pixels and labels of the batches of an epoch. */
async function epochOf(loader: data.DataLoader<data.Dataset> | data.DataLoader<data.SampleStream>) {
  const batches: { pixels: number[]; labels: number[] }[] = [];
  for await (const { images, labels } of loader) {
    batches.push({ pixels: [...(await images.data())], labels: [...(await labels.data())] });
    images.dispose();
    labels.dispose();
  }
  return batches;
}
const pixelsOf = async (loader: data.DataLoader<data.SampleStream>) =>
  (await epochOf(loader)).flatMap(({ pixels }) => pixels);

async function* later(count: number): AsyncGenerator<data.Sample> {
  for (const sample of samples(count)) {
    await Promise.resolve();
    yield sample;
  }
}

describe('data.stream', () => {
  returnsMemory();

  for (const [name, source] of [
    ['an array', samples(10)],
    ['a function that makes a generator', () => samples(10).values()],
    ['a function that makes an async generator', () => later(10)],
  ] as const) {
    it(`feeds ${name}, epoch after epoch`, async () => {
      await using loader = loaderOf(data.stream(source));
      for (let epoch = 0; epoch < 2; epoch++) {
        assert.deepEqual(await epochOf(loader), [
          { pixels: [0, 1, 2, 3], labels: [0, 1, 2, 0] },
          { pixels: [4, 5, 6, 7], labels: [1, 2, 0, 1] },
          { pixels: [8, 9], labels: [2, 0] },
        ]);
      }
    });
  }

  it('leaves out a last batch that is smaller', async () => {
    await using loader = loaderOf(data.stream(samples(10)), { dropLast: true });
    assert.equal((await epochOf(loader)).length, 2);
  });

  it('is shuffled within a buffer, each epoch anew, by the seed', async () => {
    const orders = async (options: Options) => {
      await using loader = loaderOf(data.stream(samples(50)), { shuffle: true, shuffleBuffer: 5, ...options });
      return [await pixelsOf(loader), await pixelsOf(loader)];
    };
    const [first, second] = await orders({});
    const all = Array.from({ length: 50 }, (_, i) => i);
    assert.deepEqual(
      [...first].sort((a, b) => a - b),
      all,
    );
    assert.notDeepEqual(first, all);
    assert.notDeepEqual(first, second);
    assert.ok(
      first.every((pixel, place) => pixel <= place + 5),
      'none comes before the buffer has it',
    );
    assert.deepEqual(await orders({ prefetch: 3 }), [first, second]);
    assert.notDeepEqual(await orders({ seed: 1 }), [first, second]);
  });

  it('goes on where another stood', async () => {
    const options = { shuffle: true, shuffleBuffer: 5 };
    await using whole = loaderOf(data.stream(samples(20)), options);
    const pixels = await pixelsOf(whole);
    await using rest = loaderOf(data.stream(samples(20)), options);
    rest.load({ epoch: 0, position: 8 });
    assert.deepEqual(await pixelsOf(rest), pixels.slice(8));
  });

  it('ends its iterator with the loop', async () => {
    let ended = false;
    const source = async function* () {
      try {
        yield* later(100);
      } finally {
        ended = true;
      }
    };
    await using loader = loaderOf(data.stream(source));
    for await (const { images, labels } of loader) {
      images.dispose();
      labels.dispose();
      break;
    }
    assert.ok(ended);
  });

  it('refuses a generator that is used up, no samples, and what only a data set can do', async () => {
    await using loader = loaderOf(data.stream(later(3)));
    await epochOf(loader);
    await assert.rejects(epochOf(loader), /an iterable that begins anew for epoch 1 of the stream .* a function/);
    await using none = loaderOf(data.stream([]));
    await assert.rejects(epochOf(none), /at least one sample for epoch 0/);
    await using wrong = loaderOf(data.stream(['a.jpg'] as never));
    await assert.rejects(epochOf(wrong), /\{ image, label \} for sample 0 of the stream but received 'a.jpg'/);
    await using other = loaderOf(data.stream((() => 3) as never));
    await assert.rejects(epochOf(other), /an iterable for epoch 0 of the stream but received 3/);
    assert.throws(() => data.stream(3 as never), /an iterable of \{ image, label \}/);
    assert.throws(() => none.count, /known length .* data\.fromSamples/);
    assert.throws(() => none.length, /known length/);
    assert.throws(() => loaderOf(data.stream([]), { cache: 'memory' }), /whose items are known for DataLoader cache/);
    assert.throws(() => loaderOf(data.stream([]), { sampler: () => [0] }), /DataLoader sampler .* a stream/);
    assert.throws(() => loaderOf(data.stream([]), { shuffleBuffer: 0 }), /DataLoader shuffleBuffer/);
    assert.throws(() => new data.DataLoader([] as never, { batchSize: 1 }), /data\.fromSamples, or data\.stream/);
  });
});

describe('data.fromSamples', () => {
  returnsMemory();

  it('reads what comes to an end, and gives it in any order', async () => {
    const set = await data.fromSamples(later(5), { classes: ['a', 'b', 'c'] });
    assert.deepEqual([set.length, set.classes, [...(set.labels ?? [])]], [5, ['a', 'b', 'c'], [0, 1, 2, 0, 1]]);
    await using loader = loaderOf(set, { sampler: () => [4, 0] });
    assert.deepEqual(await epochOf(loader), [{ pixels: [4, 0], labels: [1, 0] }]);
    assert.throws(() => loaderOf(set, { shuffleBuffer: 3 }), /a stream for DataLoader shuffleBuffer/);
  });

  it('reads soft labels', async () => {
    const soft = (first: number) => ({ image: grey(0), label: Float32Array.of(first, 1 - first) });
    const set = await data.fromSamples([soft(0.25), soft(1)]);
    assert.deepEqual(set.classes, ['0', '1']);
    await using loader = loaderOf(set);
    assert.deepEqual(await epochOf(loader), [{ pixels: [0, 0], labels: [0.25, 0.75, 1, 0] }]);
  });

  const LABELS: [string, unknown[], RegExp][] = [
    [
      'a label that is a one-hot array',
      [[0, 1]],
      /class index .* \[0, 1\]\. Of one value for each class, make it a Fl/,
    ],
    ['a name', ['cat'], /received 'cat'\. Of names, take the position/],
    ['a class that there is not', [3], /from 0 to 2, or a Float32Array, for|from 0 to 2/],
    ['NaN', [Number.NaN], /received NaN/],
    [
      'labels of two kinds',
      [0, Float32Array.of(0, 1, 0)],
      /a class index, as the first one is, for the label of sample 1/,
    ],
    ['values above 1', [Float32Array.of(0, 2, 0)], /values from 0 to 1/],
    ['values that are too few', [Float32Array.of(0, 1)], /3 values, one for each class, .* received 2/],
  ];
  for (const [name, labels, says] of LABELS) {
    it(`refuses ${name}`, () =>
      assert.rejects(
        data.fromSamples(labels.map((label) => ({ image: grey(0), label })) as never, { classes: ['a', 'b', 'c'] }),
        says,
      ));
  }
});

describe('a DataLoader of data sets that are not sound', () => {
  returnsMemory();
  const set = (get: (index: number) => unknown, more: object = {}) => ({ length: 3, get, ...more }) as data.Dataset;
  const refuses = async (some: data.Dataset, says: RegExp, options: Options = {}) => {
    await using loader = loaderOf(some, options);
    await assert.rejects(epochOf(loader), says);
  };

  it('tells items that are missing, and labels that differ from the list or from each other', async () => {
    await refuses(
      set((i) => [...samples(2)][i]),
      /\{ image, label \} for item 2 of the data set but received undefined/,
    );
    const labels = Int32Array.of(0, 1, 1);
    await refuses(
      set((i) => samples(3)[i], { labels }),
      /1, as in the data set's labels, for the label of item 2 but received 2/,
    );
    await refuses(
      set((i) => ({ image: grey(0), label: i === 2 ? Float32Array.of(1, 0) : 0 })),
      /class indices, as the first label of the batch, for all labels/,
    );
    await refuses(
      set((i) => ({ image: grey(0), label: new Float32Array(i + 1) })),
      /Float32Arrays of 1 values, as the first label/,
    );
  });

  it('tells a length that is missing, and labels that are too few, of another kind or no classes', () => {
    const get = () => samples(1)[0];
    const refused: [object, RegExp][] = [
      [{ get }, /a whole number .* for the length of the DataLoader but received undefined/],
      [{ length: 0, get }, /at least one item/],
      [{ length: 2, get, labels: Int32Array.of(0) }, /2 class indices for the labels of the DataLoader but received 1/],
      [{ length: 2, get, labels: [0, 1] }, /an Int32Array for the labels/],
      [{ length: 2, get, labels: Int32Array.of(0, 1), classes: ['a'] }, /class indices from 0 to 0 .* received 1/],
      [{ length: 2, get, classes: 3 }, /an array of names/],
    ];
    for (const [wrong, says] of refused) assert.throws(() => loaderOf(wrong as data.Dataset), says);
  });
});

describe('a DataLoader of tensors', () => {
  returnsMemory();

  it('makes batches of them as they are, and leaves them to their owner', async () => {
    using first = tensor([1, 2], [1, 1, 2]);
    using second = tensor([3, 4], [1, 1, 2]);
    const set = await data.fromSamples([
      { image: first, label: 0 },
      { image: second, label: 1 },
    ]);
    await using loader = loaderOf(set, { preprocessing: { ...PIXEL, crop: [1, 2], mean: [7], std: [3] } });
    for (let epoch = 0; epoch < 2; epoch++) {
      assert.deepEqual(await epochOf(loader), [{ pixels: [1, 2, 3, 4], labels: [0, 1] }]);
    }
  });

  it('refuses other shapes, other images beside them, and augmentation', async () => {
    using image = ones([1, 1, 1]);
    using wide = ones([1, 1, 2]);
    using flat = ones([2]);
    const refuses = async (images: readonly data.ImageSource[], says: RegExp, options: Options = {}) => {
      const set = await data.fromSamples(images.map((each) => ({ image: each, label: 0 })));
      await using loader = loaderOf(set, options);
      await assert.rejects(epochOf(loader), says);
    };
    await refuses(
      [image, wide],
      /images \(1,1,1\) for a batch of tensors but received a float32 tensor of shape \(1,1,2\)/,
    );
    await refuses([image, grey(3)], /tensors alone, or none, .* received 1 of 2/);
    await refuses([image], /images of bytes for DataLoader augment/, { augment: {} });
    await assert.rejects(data.fromSamples([{ image: flat, label: 0 }]), /a float32 tensor \(C,H,W\)/);
  });
});
