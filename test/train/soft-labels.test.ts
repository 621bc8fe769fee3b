import assert from 'node:assert/strict';
import {
  data,
  evaluate,
  F,
  type io,
  losses,
  manualSeed,
  optim,
  scope,
  Trainer,
  type TrainerOptions,
  ViT,
} from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash } from './tiny-problem.js';

const [SIZE, COUNT, CLASSES] = [8, 18, 3];
const pixels = Uint8Array.from({ length: COUNT * SIZE * SIZE }, (_, i) => (i * 37 + (i >> 6) * 91) % 256);
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
const bytes = data.fromArrays({ images: pixels, labels, shape: [1, SIZE, SIZE] });
const preprocessing: io.Preprocessing = {
  ...{ resize: 'none', crop: [SIZE, SIZE], interpolation: 'bilinear', mean: [0.5], std: [0.25] },
};

/** The images with these labels, one row of a number for each class. */
function withTargets(rows: readonly (readonly number[])[]): data.Dataset {
  const get = (index: number): data.Sample => ({
    image: (bytes.get(index) as data.Sample).image,
    label: Float32Array.from(rows[index % rows.length]),
  });
  return { length: COUNT, get, classes: ['a', 'b', 'c'] };
}

function loaderOf(set: data.Dataset, options: Partial<data.DataLoaderOptions> = {}): data.DataLoader<data.Dataset> {
  return new data.DataLoader<data.Dataset>(set, { batchSize: 6, preprocessing, ...options });
}

function makeModel(): ViT {
  manualSeed(3);
  return new ViT({ imgSize: SIZE, patchSize: 4, inChans: 1, embedDim: 16, depth: 1, numHeads: 2, numClasses: CLASSES });
}

/** Two epochs of a Trainer; every step's loss, and a digest of the weights. */
async function train(
  set: data.DataLoader<data.Dataset>,
  changes: Partial<TrainerOptions> = {},
): Promise<{ values: number[]; hash: string; accuracies: unknown[] }> {
  using model = makeModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const values: number[] = [];
  const accuracies: unknown[] = [];
  const onStepEnd: Required<NonNullable<TrainerOptions['callbacks']>[number]>['onStepEnd'] = (_, logs) => {
    values.push(logs.loss);
    accuracies.push(logs.accuracy);
  };
  const options = { model, optimizer, train: set, batchSize: 6, epochs: 2, callbacks: [{ onStepEnd }], ...changes };
  try {
    const { history } = await new Trainer(options).fit();
    accuracies.push(...history.map(({ trainAccuracy }) => trainAccuracy));
    return { values, hash: parameterHash(model), accuracies };
  } finally {
    optimizer.dispose();
  }
}

/** The same by a loop of one's own. */
async function loop(set: data.DataLoader<data.Dataset>): Promise<{ values: number[]; hash: string }> {
  using model = makeModel();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const values: number[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for await (const { images, labels: targets } of set) {
      const loss = scope(() => {
        const value = F.crossEntropy(model.forward(images), targets);
        optimizer.zeroGrad();
        value.backward();
        optimizer.step();
        return value;
      });
      values.push(loss.itemSync());
      for (const used of [loss, images, targets]) used.dispose();
    }
  }
  optimizer.zeroGrad();
  const hash = parameterHash(model);
  optimizer.dispose();
  return { values, hash };
}

describe('labels that are mixed or several, in a Trainer', () => {
  for (const mixupMode of ['batch', 'pair', 'elem'] as const) {
    it(`are the loader's own with mixup and CutMix by ${mixupMode}, recorded or not`, () =>
      leavesNothing(async () => {
        const augment = { mixup: 0.8, cutmix: 1, mixupMode, smoothing: 0.1 };
        await using first = loaderOf(bytes, { augment, seed: 4, shuffle: true });
        const { values, hash } = await loop(first);
        assert.equal(new Set(values).size, 6);
        for (const capture of [true, false]) {
          await using again = loaderOf(bytes, { augment, seed: 4, shuffle: true });
          const trained = await train(again, { capture });
          assert.deepEqual([trained.values, trained.hash], [values, hash], `capture ${capture}`);
          assert.ok(
            trained.accuracies.every((accuracy) => accuracy === undefined),
            'no accuracy is told',
          );
        }
      }));
  }

  it('are smoothed by the loss as mixup smooths them', () =>
    leavesNothing(async () => {
      const losses = [];
      for (const [smoothing, labelSmoothing] of [
        [0.1, 0],
        [0, 0.1],
      ]) {
        await using set = loaderOf(bytes, { augment: { mixup: 1, smoothing }, shuffle: true });
        losses.push((await train(set, { labelSmoothing })).values);
      }
      for (const [i, value] of losses[0].entries()) assert.ok(Math.abs(value - losses[1][i]) < 1e-5);
    }));

  it('are not smoothed twice: by the loader and by the loss', () =>
    leavesNothing(async () => {
      for (const mixup of [0, 1]) {
        await using set = loaderOf(bytes, { augment: { mixup, smoothing: 0.1 } });
        await assert.rejects(train(set, { labelSmoothing: 0.2 }), {
          name: 'TypeError',
          message:
            /^Expected no second smoothing for losses\.crossEntropy labelSmoothing but received 0\.2, where the loader's augment has smoothing 0\.1 already\. /,
        });
      }
      await using set = loaderOf(bytes, { augment: { smoothing: 0.1 } });
      const binary = losses.binaryCrossEntropy({ labelSmoothing: 0.2 });
      await assert.rejects(train(set, { loss: binary }), /for losses\.binaryCrossEntropy labelSmoothing/);
    }));

  it('that are one class each, as rows, train as that class does', () =>
    leavesNothing(async () => {
      const rows = Array.from(labels, (label) => [0, 1, 2].map((c) => Number(c === label)));
      const choices = [
        losses.crossEntropy({ labelSmoothing: 0.1 }),
        losses.focal({ classWeights: [1, 2, 3] }),
        losses.binaryCrossEntropy({ posWeight: [1, 2, 3] }),
      ];
      for (const loss of choices) {
        await using hard = loaderOf(bytes);
        await using soft = loaderOf(withTargets(rows));
        const [a, b] = [await train(hard, { loss }), await train(soft, { loss })];
        for (const [i, value] of a.values.entries()) assert.ok(Math.abs(value - b.values[i]) < 1e-5, `${i}`);
      }
    }));

  it('of more classes than the model has are refused, in words', () =>
    leavesNothing(async () => {
      await using four = loaderOf({ ...withTargets([[0, 0, 0, 1]]), classes: ['a', 'b', 'c', 'd'] });
      await assert.rejects(
        train(four),
        /Expected labels of 3 classes, as many as the model's, for Trainer but received 4/,
      );
    }));

  it('leave no images behind where a batch of a recorded step has a wrong one', () =>
    leavesNothing(async () => {
      const wrong: data.Dataset = {
        length: COUNT,
        get: (index) => ({
          ...(bytes.get(index) as data.Sample),
          label: index === COUNT - 1 ? CLASSES : index % CLASSES,
        }),
      };
      for (const epochs of [1, 2]) {
        await using set = loaderOf(wrong);
        await assert.rejects(train(set, { epochs }), /Expected class labels from 0 to 2 for Trainer but received 3/);
      }
    }));
});

describe('evaluate on labels of several classes', () => {
  const rows = [
    [1, 0, 0],
    [1, 1, 0],
    [0, 0, 0],
    [0, 1, 1],
  ];

  it('takes each class by itself', () =>
    leavesNothing(async () => {
      using model = makeModel();
      await using set = loaderOf(withTargets(rows));
      const own = { name: 'targets', compute: ({ targets = [] }: { targets?: ArrayLike<number> }) => targets.length };
      const { loss, accuracy, probabilities, metrics } = await evaluate(model, set, {
        loss: losses.binaryCrossEntropy({ labelSmoothing: 0.2 }),
        metrics: ['f1PerClass', 'aucPerClass', own],
      });
      const truth = Array.from({ length: COUNT }, (_, i) => rows[i % 4]).flat();
      let [right, sum] = [0, 0];
      for (const [at, p] of probabilities.entries()) {
        if (p >= 0.5 === (truth[at] === 1)) right++;
        sum -= truth[at] === 1 ? Math.log(p) : Math.log(1 - p);
      }
      assert.equal(accuracy, right / truth.length);
      assert.ok(Math.abs(loss - sum / truth.length) < 1e-5, 'without smoothing');
      assert.equal(metrics?.targets, truth.length);
      const f1 = [0, 1, 2].map((c) => {
        const of = truth.flatMap((t, at) => (at % 3 === c ? [[t, Number(probabilities[at] >= 0.5)]] : []));
        const hits = of.filter(([t, p]) => t === 1 && p === 1).length;
        const both = of.reduce((total, [t, p]) => total + t + p, 0);
        return both === 0 ? 0 : (2 * hits) / both;
      });
      assert.deepEqual(metrics?.f1PerClass, f1);
    }));

  it('refuses metrics of one class an image by name', () =>
    leavesNothing(async () => {
      using model = makeModel();
      await using set = loaderOf(withTargets(rows));
      const options = { loss: losses.binaryCrossEntropy(), metrics: ['confusionMatrix'] } as const;
      await assert.rejects(evaluate(model, set, options), /images of one class each for the metric confusionMatrix/);
    }));

  it('of shares takes the largest for the right answer', () =>
    leavesNothing(async () => {
      using model = makeModel();
      await using soft = loaderOf(
        withTargets([
          [0.6, 0.3, 0.1],
          [0.1, 0.8, 0.1],
          [0, 0.2, 0.8],
        ]),
      );
      await using hard = loaderOf(bytes);
      const [a, b] = [await evaluate(model, soft), await evaluate(model, hard)];
      assert.deepEqual([a.accuracy, a.probabilities], [b.accuracy, b.probabilities]);
      assert.notEqual(a.loss, b.loss);
    }));
});
