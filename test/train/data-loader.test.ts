import assert from 'node:assert/strict';
import { data, evaluate, type io, manualSeed, optim, Trainer, ViT } from '../../lib/index.js';

const [SIZE, COUNT, CLASSES] = [8, 13, 3];
const pixels = Uint8Array.from({ length: COUNT * SIZE * SIZE }, (_, i) => (i * 37 + (i >> 6) * 91) % 256);
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
const [OFFSET, DIVISOR] = [127, 64]; // such that float32 has the values exactly
const arrays: data.ArrayDataset = {
  ...{ images: Float32Array.from(pixels, (byte) => (byte - OFFSET) / DIVISOR), labels },
  ...{ count: COUNT, shape: [1, SIZE, SIZE], numClasses: CLASSES },
};
const bytes = data.fromArrays({ images: pixels, labels, shape: [1, SIZE, SIZE] });
const preprocessing: io.Preprocessing = {
  ...{ resize: 'none', crop: [SIZE, SIZE], interpolation: 'bilinear', rescale: 1 },
  ...{ mean: [OFFSET], std: [DIVISOR] },
};

function loaderOf(options: Partial<data.DataLoaderOptions> = {}): data.DataLoader<data.Dataset> {
  return new data.DataLoader<data.Dataset>(bytes, { batchSize: 4, preprocessing, ...options });
}

function makeModel(): ViT {
  manualSeed(3);
  return new ViT({ imgSize: SIZE, patchSize: 4, inChans: 1, embedDim: 16, depth: 1, numHeads: 2, numClasses: CLASSES });
}

describe('Trainer and evaluate on a DataLoader', () => {
  const train = async (set: data.ArrayDataset | data.DataLoader<data.Dataset>, test = set) => {
    const model = makeModel();
    const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
    const options = { model, optimizer, train: set, test, batchSize: 4, epochs: 3, seed: 9 };
    const { history } = await new Trainer(options).fit();
    const weights = model.parameters().map((parameter) => [...parameter.dataSync()]);
    return { weights, losses: history.map(({ trainLoss, testLoss }) => [trainLoss, testLoss]) };
  };

  it('give the bits of the same images in arrays', async () => {
    const loader = loaderOf({ shuffle: true, seed: 9 });
    const test = loaderOf();
    assert.deepEqual(await train(loader, test), await train(arrays));
    await loader.dispose();
    await test.dispose();
  });

  it('evaluate gives predictions in the order of the loader', async () => {
    const model = makeModel();
    const loader = loaderOf();
    assert.deepEqual(await evaluate(model, loader), await evaluate(model, arrays, 4));
    await loader.dispose();
  });

  it('refuse another batch size', async () => {
    const model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const options = { model, optimizer, train: loaderOf(), batchSize: 4, epochs: 1 };
    assert.throws(
      () => new Trainer({ ...options, batchSize: 5 }),
      /the DataLoader's batchSize, 4, for Trainer batchSize/,
    );
  });
});
