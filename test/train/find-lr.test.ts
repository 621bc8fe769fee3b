import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { averageCheckpoints, findLr, io, optim, randomState, scope, Trainer } from '../../lib/index.js';
import { steepestOf, valleyOf } from '../../lib/train/find-lr.js';
import { assertNear, fromRef } from '../native-op.js';
import { ref } from '../reference/array.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

describe('findLr', () => {
  it('finds a rate that learns, and leaves all as it was', () =>
    leavesNothing(async () => {
      using model = tinyViT({ posDropRate: 0.1 });
      const optimizer = new optim.AdamW(model.parameters(), { lr: 0.5 });
      const training = { model, optimizer, train: textures(64), batchSize: 16, epochs: 1 };
      const before = [parameterHash(model), optimizer.lr, optimizer.steps, ...(await randomState())];
      const { lrs, losses, valley = 0, steep = 0 } = await findLr(training, { startLr: 1e-5, endLr: 10 });
      assert.deepEqual([parameterHash(model), optimizer.lr, optimizer.steps, ...(await randomState())], before);
      assert.ok(lrs.length === losses.length && lrs.length > 50);
      assert.ok(Math.abs(lrs[10] - 1e-4 * 10 ** -0.4) < 1e-9, `${lrs[10]}`);
      for (const lr of [valley, steep]) assert.ok(lr > 1e-4 && lr < 1, `${lr}`);
      optimizer.lr = valley;
      const { history } = await new Trainer({ ...training, epochs: 10 }).fit();
      assert.ok(history[9].trainLoss < 0.7 * history[0].trainLoss);
      optimizer.dispose();
    }));

  it("suggests fastai's points of a curve", () => {
    const lrs = Array.from({ length: 12 }, (_, i) => 10 ** (i / 4 - 4));
    const losses = [2, 2.01, 1.99, 1.9, 1.8, 1.5, 1.2, 1.1, 1.05, 1.2, 2, 4];
    // The longest fall ends at 8 and has 8 points: from 0, thirds of 2.67, so 0 + 2 + 1.
    assert.equal(valleyOf(lrs, losses), lrs[3]);
    assert.equal(steepestOf(lrs, losses), lrs[4]);
    assert.equal(valleyOf([], []), undefined);
  });

  it('refuses options out of range', async () => {
    await assert.rejects(findLr({} as never, { startLr: 0 }), /findLr startLr/);
    await assert.rejects(findLr({} as never, { start: 0 } as object), /Expected an option among startLr/);
    await assert.rejects(findLr(undefined as never), /Expected a Trainer's options for findLr/);
  });
});

describe('averageCheckpoints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-average-'));
  after(() => rmSync(folder, { recursive: true }));

  it('gives the mean of files of one model, and refuses others', () =>
    leavesNothing(async () => {
      const paths = [1, 2, 6].map((value) => join(folder, `${value}.safetensors`));
      for (const [i, value] of [1, 2, 6].entries()) {
        const weight = fromRef(ref([2], [value, -value]));
        await io.saveSafetensors(paths[i], new Map([['weight', weight]]));
        weight.dispose();
      }
      const means = await averageCheckpoints(paths);
      assertNear(means.get('weight') ?? null, ref([2], [3, -3]), 'mean');
      for (const mean of means.values()) mean.dispose();
      const other = scope(() => fromRef(ref([3], [1, 2, 3])));
      await io.saveSafetensors(join(folder, 'other.safetensors'), new Map([['weight', other]]));
      other.dispose();
      const paths2 = [paths[0], join(folder, 'other.safetensors')];
      await assert.rejects(
        averageCheckpoints(paths2),
        /Expected the tensors of the first file for .+other\.safetensors/,
      );
      await assert.rejects(averageCheckpoints([]), /Expected an array of paths/);
    }));
});
