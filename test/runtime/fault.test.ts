import assert from 'node:assert/strict';
import {
  Capture,
  F,
  fence,
  ones,
  optim,
  reset,
  StreamError,
  scope,
  synchronize,
  type Tensor,
  tensor,
} from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

const labels = (...values: number[]): Tensor => tensor(new Int32Array(values));

/** Enqueues an op that fails while it runs. */
function poison(): void {
  scope(() => {
    F.crossEntropy(ones([2, 3]), labels(0, 7));
  });
}

function isLabelError(error: unknown): boolean {
  assert.ok(error instanceof StreamError);
  assert.match(
    error.message,
    /^Expected class labels from 0 to 2 for crossEntropy but received 7 at index 1\. Check the labels.* until reset\(\)\.$/,
  );
  assert.match(error.stack ?? '', /^StreamError: Expected class labels[\s\S]*fault\.test\.[jt]s/);
  return true;
}

describe('a fault on the stream', () => {
  afterEach(reset);

  it('rejects the next read, with the stack of the call that enqueued the command', () =>
    leavesNothing(async () => {
      const cases: [() => Tensor, RegExp][] = [
        [
          function namedCall() {
            return F.crossEntropy(ones([2, 3]), labels(0, 3));
          },
          /^Expected class labels from 0 to 2 for crossEntropy but received 3 at index 1\./,
        ],
        [
          function namedCall() {
            return F.embedding(labels(0, 1, -1), ones([2, 4]));
          },
          /^Expected indices from 0 to 1 for embedding but received -1 at index 2\./,
        ],
      ];
      for (const [call, message] of cases) {
        const result = scope(call);
        const reading = result.data();
        result.dispose();
        await assert.rejects(reading, (error: Error) => {
          assert.match(error.message, message);
          assert.match(error.stack ?? '', /namedCall .*fault\.test\.[jt]s/);
          return error instanceof StreamError;
        });
        reset();
      }
    }));

  it('rejects every read from then on, and lets none from before suffer', async () => {
    using x = ones([2]);
    using one = ones([]);
    const before = x.data();
    poison();
    assert.deepEqual([...(await before)], [1, 1]);
    for (const read of [() => x.data(), () => one.item(), () => fence(), () => x.data()]) {
      await assert.rejects(read(), isLabelError);
    }
    for (const read of [() => x.dataSync(), () => one.itemSync(), () => synchronize()])
      assert.throws(read, isLabelError);
  });

  it('is the first one: later faults do not hide it', async () => {
    poison();
    scope(() => {
      F.embedding(labels(9), ones([2, 4]));
    });
    await assert.rejects(fence(), isLabelError);
  });

  it('drops the ops behind it, and not what is written to tensors; after reset() all works as before', () =>
    leavesNothing(async () => {
      using written = tensor([1, 2]);
      using parameter = tensor([1, 2], undefined, { requiresGrad: true });
      parameter.grad = ones([2]);
      const sgd = new optim.SGD([parameter], { lr: 1 });
      poison();
      sgd.step();
      written.set([8, 8]);
      await assert.rejects(fence(), isLabelError);
      sgd.step();
      written.add(1).dispose();
      reset();
      assert.deepEqual([...(await written.data()), ...(await parameter.data())], [8, 8, 1, 2]);
      sgd.step();
      assert.deepEqual([...(await parameter.data())], [0, 1]);
      sgd.dispose();
    }));

  it('does not disturb the calls that follow, backward included, nor their memory', () =>
    leavesNothing(async () => {
      const w = tensor([1, 2, 3, 4, 5, 6], [2, 3], { requiresGrad: true });
      scope(() => F.crossEntropy(w, labels(0, 7)).backward());
      w.dispose();
      await assert.rejects(fence(), isLabelError);
    }));

  it('reset() without a fault does nothing', async () => {
    reset();
    await fence();
  });
});

describe('a fault in a captured function', () => {
  afterEach(reset);

  it('names the call on replay, and the capture works again after reset()', () =>
    leavesNothing(async () => {
      const target = labels(0, 1);
      const logits = ones([2, 3]);
      const capture = new Capture(() => scope(() => F.crossEntropy(logits, target)));
      const expected = await capture.result.item();
      target.set([0, 7]);
      capture.replay();
      capture.replay();
      await assert.rejects(capture.result.item(), isLabelError);
      reset();
      target.set([2, 2]);
      capture.replay();
      assert.equal(await capture.result.item(), expected);
      for (const t of [target, logits, capture.result]) t.dispose();
      capture.dispose();
    }));
});
