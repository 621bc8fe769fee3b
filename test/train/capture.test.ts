import assert from 'node:assert/strict';
import {
  Capture,
  data,
  emptyCache,
  F,
  fence,
  manualSeed,
  memory,
  ones,
  optim,
  randomState,
  scope,
  synchronize,
  type Tensor,
  tensor,
  untracked,
  ViT,
  zeros,
} from '../../lib/index.js';
import { packageRoot } from '../../lib/native.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash } from './tiny-problem.js';

const STEPS = 20;
const BATCH = 16;

/** Trains the digits ViT for 20 steps with all that draws, clips and changes; gives losses and a digest. */
async function train(
  digits: data.ArrayDataset,
  capture: boolean,
): Promise<{ losses: number[]; hash: string; random: number[] }> {
  manualSeed(7);
  const dropped = { posDropRate: 0.1, projDropRate: 0.1, dropPathRate: 0.2 };
  const sizes = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 10, embedDim: 64, depth: 4, numHeads: 4 };
  const model = new ViT({ ...sizes, ...dropped });
  const sgd = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 });
  const schedule = optim.cosineSchedule({ lr: 0.1, totalSteps: STEPS, warmupSteps: 3 });
  const images = zeros([BATCH, 1, 8, 8]);
  const labels = zeros([BATCH], { dtype: 'int32' });
  const step = (): Tensor =>
    untracked(() =>
      scope(() => {
        sgd.zeroGrad();
        const loss = F.crossEntropy(model.forward(images), labels, { labelSmoothing: 0.1 });
        loss.backward();
        sgd.apply(optim.gradientNorm(model.parameters(), 0.5).scale);
        return loss;
      }),
    );
  let captured: Capture<Tensor> | undefined;
  const reads: Promise<number>[] = [];
  for (let i = 0; i < STEPS; i++) {
    images.set(digits.images.subarray(i * BATCH * 64, (i + 1) * BATCH * 64));
    labels.set(digits.labels.subarray(i * BATCH, (i + 1) * BATCH));
    sgd.lr = schedule(i);
    sgd.advance();
    if (capture && captured !== undefined) captured.replay();
    else if (capture) captured = new Capture(step);
    const loss = captured?.result ?? step();
    reads.push(loss.item());
    if (!capture) loss.dispose();
  }
  const losses = await Promise.all(reads);
  const result = { losses, hash: parameterHash(model), random: await randomState() };
  captured?.dispose();
  captured?.result.dispose();
  sgd.zeroGrad();
  for (const held of [sgd, model, images, labels]) held.dispose();
  return result;
}

describe('a captured training step', () => {
  it('gives the bits of an eager one, and its memory back', async () => {
    const digits = await data.loadIdxDataset(`${packageRoot}/data/digits`, 'train');
    const { pooled } = memory();
    await leavesNothing(async () => {
      const eager = await train(digits, false);
      assert.deepEqual(await train(digits, true), eager);
      assert.equal(new Set(eager.losses).size, STEPS); // the steps did something
      assert.equal(memory().pooled, pooled);
    });
  });
});

describe('Capture', () => {
  it('runs the function once, and again on replay with what its inputs hold then', () =>
    leavesNothing(async () => {
      let runs = 0;
      const x = tensor([1, 2]);
      const capture = new Capture(() =>
        scope(() => {
          runs++;
          return x.mul(x).add(1);
        }),
      );
      assert.deepEqual([...(await capture.result.data())], [2, 5]);
      x.set([3, 4]);
      capture.replay();
      assert.deepEqual([...(await capture.result.data())], [10, 17]);
      assert.equal(runs, 1);
      capture.dispose();
      capture.result.dispose();
      x.dispose();
    }));

  it('keeps what it works on, and nobody else gets that, until it is disposed', () =>
    leavesNothing(() => {
      const x = tensor([1, 2]);
      const capture = new Capture(() =>
        scope(() => {
          x.mul(2).dispose(); // what comes next has its memory and its number
          return x.add(x);
        }),
      );
      capture.result.dispose();
      x.dispose();
      const others = Array.from({ length: 8 }, () => zeros([2]));
      capture.replay();
      for (const other of others) assert.deepEqual([...other.dataSync()], [0, 0]);
      for (const other of others) other.dispose();
      capture.dispose();
    }));

  it('lends its free memory to nobody, and gives it back when disposed', () => {
    emptyCache();
    const before = memory().pooled;
    const x = zeros([1000]);
    using capture = new Capture(() => scope(() => x.add(1).add(2).sum()));
    const { pooled } = memory();
    assert.ok(pooled >= before + 8000);
    zeros([1000]).dispose();
    assert.equal(memory().pooled, pooled);
    capture.dispose();
    capture.dispose(); // may be called twice
    assert.equal(memory().pooled, before);
    assert.throws(
      () => capture.replay(),
      /^Error: Expected a live capture for replay\(\) but received a disposed one\./,
    );
    capture.result.dispose();
    x.dispose();
  });

  it('may be disposed while replays are queued', () =>
    leavesNothing(async () => {
      const x = ones([64, 64]);
      const capture = new Capture(() => scope(() => x.matmul(x).sum()));
      for (let i = 0; i < 50; i++) capture.replay();
      const reading = capture.result.item();
      capture.dispose();
      capture.result.dispose();
      x.dispose();
      const others = Array.from({ length: 8 }, () => ones([64, 64]));
      assert.equal(await reading, 64 ** 3);
      for (const other of others) {
        assert.ok(other.dataSync().every((value) => value === 1));
        other.dispose();
      }
    }));

  it('refuses to read inside, says so, and leaves all usable', () =>
    leavesNothing(async () => {
      const x = tensor([3]);
      const reads: [() => unknown, string][] = [
        [() => x.dataSync(), 'dataSync\\(\\)'],
        [() => x.itemSync(), 'dataSync\\(\\)'],
        [() => synchronize(), 'fence'],
      ];
      for (const [read, what] of reads) {
        const message = new RegExp(
          `^Expected no ${what} inside a captured function but received one\\. Return the tensor and read it outside`,
        );
        const run = () => new Capture(() => scope(() => [x.mul(2), read()]));
        assert.throws(run, { message });
      }
      const rejections: Promise<void>[] = [];
      const message = { message: /^Expected no (data\(\)|fence) inside a captured function/ };
      new Capture(() => {
        rejections.push(
          assert.rejects(x.data(), message),
          assert.rejects(async () => fence(), message),
        );
      }).dispose();
      await Promise.all(rejections);
      assert.equal(await x.item(), 3);
      x.dispose();
    }));

  it('passes on what the function throws, and leaves all usable', () =>
    leavesNothing(async () => {
      const { pooled } = memory();
      const x = tensor([3]);
      const run = () =>
        new Capture(() =>
          scope(() => {
            x.mul(2);
            throw new Error('thrown inside');
          }),
        );
      assert.throws(run, /^Error: thrown inside$/);
      assert.equal(memory().pooled, pooled);
      assert.equal(await x.item(), 3);
      const capture = new Capture(() => x.mul(2));
      assert.equal(await capture.result.item(), 6);
      capture.dispose();
      capture.result.dispose();
      x.dispose();
    }));

  it('refuses an asynchronous function, and another capture inside', () =>
    leavesNothing(async () => {
      assert.throws(() => new Capture(async () => fence()), {
        name: 'TypeError',
        message: /^Expected a synchronous function for Capture but received one that returns a promise\./,
      });
      assert.throws(
        () => new Capture(() => new Capture(() => undefined)),
        /^Error: Expected one Capture at a time but received one inside another\./,
      );
      await fence();
    }));

  it('refuses values from JavaScript inside, which a replay would bring again', () =>
    leavesNothing(async () => {
      const x = tensor([3]);
      const sgd = new optim.SGD([tensor([1], [1], { requiresGrad: true })], { lr: 0.1 });
      const writes: [() => unknown, string][] = [
        [() => x.set([4]), 'set\\(\\)'],
        [() => tensor([1, 2]), 'tensor\\(\\)'],
        [() => sgd.step(), 'set\\(\\)'],
        [() => manualSeed(1), 'set\\(\\)'],
      ];
      for (const [write, what] of writes) {
        const message = new RegExp(`^Expected no ${what} inside a captured function but received one: every replay`);
        assert.throws(() => new Capture(() => scope(() => [x.mul(2), write()])), { message });
      }
      assert.equal(await x.item(), 3);
      for (const parameter of sgd.parameters) parameter.dispose();
      sgd.dispose();
      x.dispose();
    }));

  it('refuses what is no function, and a replay inside another', () =>
    leavesNothing(() => {
      assert.throws(
        () => new Capture('step' as never),
        /^TypeError: Expected a function for Capture but received 'step'\./,
      );
      const x = tensor([3]);
      const inner = new Capture(() => scope(() => x.mul(2)));
      assert.throws(
        () => new Capture(() => inner.replay()),
        /^Error: Expected no replay\(\) inside a captured function/,
      );
      for (const held of [inner, inner.result, x]) held.dispose();
    }));

  it('tells autograd at each replay that its result is another', () =>
    leavesNothing(() => {
      const w = tensor([2], [1], { requiresGrad: true });
      const x = tensor([3]);
      const capture = new Capture(() => scope(() => x.mul(2)));
      scope(() => {
        const y = w.mul(capture.result);
        capture.replay();
        assert.throws(() => y.backward(), /^Error: Expected what mul saved for backward to be unchanged/);
      });
      for (const held of [capture, capture.result, x, w]) held.dispose();
    }));

  it('tells autograd at each replay that what it modifies in place is another', () =>
    leavesNothing(() => {
      const w = tensor([2], [1], { requiresGrad: true });
      const sgd = new optim.SGD([w], { lr: 0.1 });
      const capture = untracked(
        () =>
          new Capture(() =>
            scope(() => {
              sgd.zeroGrad();
              w.mul(3).backward();
              sgd.apply();
            }),
          ),
      );
      const x = tensor([3], [1], { requiresGrad: true });
      scope(() => {
        const y = w.mul(x);
        capture.replay();
        assert.throws(() => y.backward(), /^Error: Expected what mul saved for backward to be unchanged/);
      });
      sgd.zeroGrad();
      for (const held of [capture, x, w, sgd]) held.dispose();
    }));
});
