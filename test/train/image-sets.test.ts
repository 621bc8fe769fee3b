import assert from 'node:assert/strict';
import { data, evaluate, type io, manualSeed, optim, Trainer, type TrainerOptions, ViT } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash } from './tiny-problem.js';

const [SIZE, COUNT, CLASSES] = [8, 24, 3];
const pixels = Uint8Array.from({ length: COUNT * SIZE * SIZE }, (_, i) => (i * 37 + (i >> 6) * 91) % 256);
// By class, as folders give them.
const labels = Int32Array.from({ length: COUNT }, (_, i) => Math.floor((i * CLASSES) / COUNT));
const bytes = data.fromArrays({ images: pixels, labels, shape: [1, SIZE, SIZE] });
const preprocessing: io.Preprocessing = {
  ...{ resize: 'none', crop: [SIZE, SIZE], interpolation: 'bilinear', mean: [0.5], std: [0.25] },
};

/** Items asked for, by their index. */
function watched(): { set: data.Dataset; asked: number[] } {
  const asked: number[] = [];
  const { classes } = bytes;
  const get = (index: number): data.Sample => {
    asked.push(index);
    return bytes.get(index);
  };
  return { set: { length: COUNT, get, classes, labels }, asked };
}

function makeModel(): ViT {
  manualSeed(3);
  return new ViT({ imgSize: SIZE, patchSize: 4, inChans: 1, embedDim: 16, depth: 1, numHeads: 2, numClasses: CLASSES });
}

async function train(changes: Pick<TrainerOptions, 'train'> & Partial<TrainerOptions>) {
  using model = makeModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  try {
    const { history, steps } = await new Trainer({ model, optimizer, batchSize: 4, epochs: 2, ...changes }).fit();
    return { hash: parameterHash(model), history, steps };
  } finally {
    optimizer.dispose();
  }
}

const classCounts = (indices: Iterable<number>): number[] => {
  const counts = [0, 0, 0];
  for (const index of new Set(indices)) counts[labels[index]]++;
  return counts;
};

describe('a data set of images, given to a Trainer as it is', () => {
  it('trains and is evaluated as its loader is', () =>
    leavesNothing(async () => {
      const loader = { preprocessing, augment: { scale: [0.5, 1] as const, mixup: 0.5 } };
      const bare = await train({ train: bytes, test: bytes, seed: 5, loader });
      await using own = new data.DataLoader<data.Dataset>(bytes, { ...loader, batchSize: 4, shuffle: true, seed: 5 });
      await using test = new data.DataLoader<data.Dataset>(bytes, { preprocessing, batchSize: 4 });
      const loaded = await train({ train: own, test });
      assert.equal(bare.hash, loaded.hash);
      assert.equal(bare.history[1].testLoss, loaded.history[1].testLoss);
    }));

  it('tells a ViT that knows nothing of images how they are prepared, for evaluation and for who saves it', () =>
    leavesNothing(async () => {
      using model = makeModel();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      assert.equal(model.pretrainedConfig, undefined);
      const trainer = new Trainer({ model, optimizer, train: bytes, test: bytes, batchSize: 4, epochs: 1 });
      const {
        resize,
        mean,
        labels: names,
      } = model.pretrainedConfig as unknown as io.Preprocessing & { labels: string[] };
      assert.deepEqual([resize, mean, names], [[SIZE, SIZE], [0.5], ['0', '1', '2']]);
      const { history } = await trainer.fit();
      const evaluation = await evaluate(model, bytes, 4);
      assert.deepEqual([history[0].testLoss, history[0].testAccuracy], [evaluation.loss, evaluation.accuracy]);
      assert.equal((await trainer.evaluate(bytes)).loss, evaluation.loss);
      optimizer.dispose();
    }));

  it('is refused where nobody says how images are prepared, and options of a loader where none is made', async () => {
    using model = makeModel();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const { images } = { images: Float32Array.from(pixels) };
    const arrays = { images, labels, count: COUNT, shape: [1, SIZE, SIZE] as const, numClasses: CLASSES };
    const options = { model, optimizer, batchSize: 4, epochs: 1 };
    assert.throws(
      () => new Trainer({ ...options, train: arrays, loader: { cache: 'none' } }),
      /Expected a data set of images for Trainer loader but received none that needs a loader/,
    );
    await assert.rejects(
      evaluate(model, bytes),
      /Expected a model that says how images are prepared for evaluate but received one without pretrainedConfig/,
    );
    optimizer.dispose();
  });
});

describe('what a training takes of images that must be read', () => {
  it('is parted by class and by seed with validationSplit, and never the same image on both sides', () =>
    leavesNothing(async () => {
      const parts: string[] = [];
      for (const seed of [1, 1, 2]) {
        const { set, asked } = watched();
        let trained: number[] = [];
        const onStepEnd = (): void => {
          trained = [...asked];
        };
        const callbacks = [{ onStepEnd }];
        const split = { train: set, validationSplit: 0.25, loader: { preprocessing, cache: 'none' as const }, seed };
        const { history } = await train({ ...split, epochs: 1, callbacks });
        const tested = asked.slice(trained.length);
        assert.deepEqual(
          [classCounts(trained), classCounts(tested)],
          [
            [6, 6, 6],
            [2, 2, 2],
          ],
        );
        assert.equal(tested.filter((index) => trained.includes(index)).length, 0);
        assert.ok(history[0].testLoss !== undefined);
        parts.push([...new Set(tested)].sort().join(' '));
      }
      assert.equal(parts[0], parts[1]);
      assert.notEqual(parts[0], parts[2]);
    }));

  it('is the same for a DataLoader, whose augmentation the evaluated part leaves out', () =>
    leavesNothing(async () => {
      const settings = { preprocessing, augment: { hflip: 1 }, batchSize: 4, shuffle: true, seed: 1 };
      await using set = new data.DataLoader<data.Dataset>(bytes, settings);
      const loaded = await train({ train: set, validationSplit: 0.25, seed: 1 });
      const bare = await train({
        train: bytes,
        loader: { preprocessing, augment: { hflip: 1 } },
        validationSplit: 0.25,
        seed: 1,
      });
      assert.deepEqual([loaded.hash, loaded.history[1].testLoss], [bare.hash, bare.history[1].testLoss]);
      await using sampled = new data.DataLoader<data.Dataset>(bytes, {
        ...{ preprocessing, batchSize: 4, sampler: () => Uint32Array.of(0, 1, 2) },
      });
      await assert.rejects(
        train({ train: sampled, validationSplit: 0.25 }),
        /Expected a DataLoader without a sampler for Trainer validationSplit/,
      );
    }));

  it('is the first batches of the shuffled order with overfitBatches, again and again', () =>
    leavesNothing(async () => {
      const { set, asked } = watched();
      const { steps } = await train({
        train: set,
        overfitBatches: 2,
        epochs: 3,
        loader: { preprocessing, cache: 'none' },
      });
      assert.equal(steps, 6);
      assert.equal(asked.length, 24);
      assert.deepEqual(asked.slice(0, 8), asked.slice(8, 16));
      assert.equal(new Set(asked).size, 8);
      assert.ok(classCounts(asked).filter((count) => count > 0).length > 1, 'not of one class, as the folder begins');
    }));

  it('is a batch of each with fastDevRun, and nothing is saved', () =>
    leavesNothing(async () => {
      const { set, asked } = watched();
      await using own = new data.DataLoader<data.Dataset>(set, { preprocessing, batchSize: 4, shuffle: true });
      const { steps, history } = await train({
        ...{ train: own, test: set, fastDevRun: true, loader: { preprocessing } },
        ...{ checkpoints: { folder: '/nowhere/at/all' } },
      });
      assert.deepEqual([steps, history.length, asked.length], [1, 1, 8]);
      assert.ok(history[0].testAccuracy !== undefined);
    }));
});
