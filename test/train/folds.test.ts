import assert from 'node:assert/strict';
import { crossValidate, data, optim } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { textures, tinyViT } from './tiny-problem.js';

const labels = Int32Array.from({ length: 23 }, (_, i) => (i < 11 ? 0 : i < 18 ? 1 : 2));
const bytes = data.fromArrays({ images: Uint8Array.from({ length: 23 }, (_, i) => i), labels, shape: [1, 1, 1] });

/** Which images a part holds: each is its own number. */
const itemsOf = (set: data.Dataset): number[] =>
  Array.from({ length: set.length }, (_, i) => ((set.get(i) as data.Sample).image as data.RawImage).pixels[0]);

describe('folds', () => {
  it('are parts that together are all, each class spread evenly, by the seed', async () => {
    const all = await data.folds(bytes, 4, { seed: 3 });
    const validation = all.map(([, part]) => itemsOf(part as data.Dataset));
    assert.deepEqual(
      validation.flat().sort((a, b) => a - b),
      Array.from({ length: 23 }, (_, i) => i),
    );
    assert.deepEqual(validation.map((part) => part.length).sort(), [5, 6, 6, 6]);
    for (const [fold, [train]] of all.entries()) {
      const trained = itemsOf(train as data.Dataset);
      assert.deepEqual(
        [...trained, ...validation[fold]].sort((a, b) => a - b),
        Array.from({ length: 23 }, (_, i) => i),
      );
      for (const [label, count] of [11, 7, 5].entries()) {
        const own = validation[fold].filter((item) => labels[item] === label).length;
        assert.ok(Math.abs(own - count / 4) < 1, `class ${label} in fold ${fold}: ${own}`);
      }
    }
    const again = await data.folds(bytes, 4, { seed: 3 });
    assert.deepEqual(
      again.map(([, part]) => itemsOf(part as data.Dataset)),
      validation,
    );
    const other = await data.folds(bytes, 4, { seed: 4 });
    assert.notDeepEqual(
      other.map(([, part]) => itemsOf(part as data.Dataset)),
      validation,
    );
  });

  it('refuse fewer than two, and more than there are items', async () => {
    await assert.rejects(data.folds(bytes, 1), /Expected a whole number of at least 2 for the number of folds/);
    await assert.rejects(
      data.folds(bytes, 24),
      /Expected at most 23 folds, one for each item, for folds but received 24/,
    );
  });
});

describe('crossValidate', () => {
  it('trains a model for each fold, and tells mean and deviation of what is not seen', () =>
    leavesNothing(async () => {
      const held: { dispose(): void }[] = [];
      const { results, mean, std } = await crossValidate(
        textures(30),
        (fold) => {
          const model = tinyViT({}, fold);
          const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
          held.push(model, optimizer);
          return { model, optimizer, batchSize: 8, epochs: 2, metrics: ['f1'] };
        },
        { folds: 3 },
      );
      const losses = results.map(({ history }) => history[1].testLoss ?? Number.NaN);
      assert.equal(new Set(losses).size, 3);
      const average = (losses[0] + losses[1] + losses[2]) / 3;
      assert.ok(Math.abs(mean.testLoss - average) < 1e-12);
      const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - average) ** 2, 0) / 3);
      assert.ok(Math.abs(std.testLoss - deviation) < 1e-12);
      assert.deepEqual(Object.keys(mean), ['testLoss', 'testAccuracy', 'f1']);
      for (const one of held) one.dispose();
    }));

  it('refuses a model that has seen the other folds', async () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const training = () => ({ model, optimizer, batchSize: 8, epochs: 1 });
    await assert.rejects(crossValidate(textures(16), training, { folds: 2 }), /Expected a model for each fold/);
    optimizer.dispose();
  });
});
