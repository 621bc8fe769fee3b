import assert from 'node:assert/strict';
import { F, fence, reset, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, intsFromRef, returnsMemory, valuesOf } from '../native-op.js';
import { full, map, type Ref, ref, zeros } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';
import { type CrossEntropyOptions, crossEntropy, crossEntropyBackward } from '../reference/cross-entropy.js';
import { generator, integers, normal } from '../reference/random.js';
import { softmax } from '../reference/softmax.js';

interface Options {
  labelSmoothing?: number;
  reduction?: 'none' | 'mean' | 'sum';
  ignoreIndex?: number;
}

function check(logits: Ref, target: Ref, options: Options, cancels = false): void {
  const y = crossEntropy(logits, target, options satisfies CrossEntropyOptions);
  const dy = map(y, (_, i) => 0.75 + i / 8);
  const soft = target.shape.length === 2;
  checkOp({
    inputs: { logits },
    run: (t) => F.crossEntropy(t.logits, soft ? fromRef(target) : intsFromRef(target), options),
    y,
    dy,
    gradients: { dlogits: crossEntropyBackward(dy, logits, target, options) },
    ...(cancels && { cancels: ['logits'] as const }),
  });
}

const REDUCTIONS = ['mean', 'sum', 'none'] as const;

describe('crossEntropy', () => {
  returnsMemory();

  for (const [N, C] of [
    [1, 2],
    [7, 17],
    [17, 7],
    [1, 197],
    [197, 3],
    [5, 1000],
  ]) {
    const logits = normal([N, C], generator(1), 3);
    const labels = integers([N], generator(2), C);
    // Probabilities that need not sum to 1, as PyTorch takes them.
    const soft = map(softmax(normal([N, C], generator(3))), (p) => Math.fround(1.25 * p));
    for (const reduction of REDUCTIONS) {
      for (const labelSmoothing of [0, 0.1, 1]) {
        const options = { reduction, labelSmoothing };
        it(`of (${N},${C}) with ${JSON.stringify(options)} has the reference's value and gradient`, () => {
          check(logits, labels, options);
          check(logits, soft, options);
        });
      }
    }
  }

  for (const reduction of REDUCTIONS) {
    it(`leaves ignored labels out of the ${reduction}`, () => {
      const logits = normal([7, 5], generator(4));
      check(logits, ref([7], [0, -100, 4, -100, 2, 1, -100]), { reduction });
      check(logits, ref([7], [0, 3, 4, 3, 2, 1, 3]), { reduction, ignoreIndex: 3, labelSmoothing: 0.2 });
      check(logits, ref([7], [0, -1, 4, -1, 2, 1, -1]), { reduction, ignoreIndex: -1 });
    });

    it(`of one class is 0, by ${reduction}`, () => {
      check(normal([3, 1], generator(5)), zeros([3]), { reduction }, true);
    });
  }

  it('of an empty batch is 0 as a sum, NaN as a mean, and nothing as losses', () => {
    const logits = zeros([0, 5]);
    check(logits, zeros([0]), { reduction: 'sum' });
    check(logits, zeros([0]), { reduction: 'mean' });
    check(logits, zeros([0]), { reduction: 'none' });
    check(logits, zeros([0, 5]), { reduction: 'sum' });
  });

  it('of ignored labels alone is NaN as a mean, without poisoning the gradient of a sum', () => {
    const logits = normal([3, 5], generator(6));
    const labels = full([3], -100);
    check(logits, labels, { reduction: 'sum' });
    check(logits, labels, { reduction: 'none' });
    scope(() => {
      const loss = F.crossEntropy(fromRef(logits), intsFromRef(labels));
      assert.ok(Number.isNaN(loss.itemSync()));
    });
  });

  it('holds where exp of the logits would not', () => {
    const logits = ref([3, 4], [1000, 0, -1000, 999, -5000, -5001, -5002, -5000, 88, 89, 90, 1e4]);
    const labels = ref([3], [3, 1, 0]);
    scope(() => {
      const loss = F.crossEntropy(fromRef(logits), intsFromRef(labels), { reduction: 'none' });
      assertClose(valuesOf(loss), crossEntropy(logits, labels, { reduction: 'none' }), { relative: 1e-5 });
    });
  });

  it('has one loss by labels and by their probabilities', () => {
    const logits = normal([7, 5], generator(7));
    const labels = integers([7], generator(8), 5);
    const hot = zeros([7, 5]);
    for (const [n, label] of labels.data.entries()) hot.data[n * 5 + label] = 1;
    const options = { labelSmoothing: 0.1 };
    check(logits, hot, options);
    assertClose(crossEntropy(logits, hot, options), crossEntropy(logits, labels, options), { relative: 1e-12 });
  });

  for (const label of [5, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    it(`finds the label ${label} among 5 classes on the stream`, async () => {
      const [logits, labels] = [zeroTensor([3, 5]), tensor(new Int32Array([0, label, 4]))];
      const loss = F.crossEntropy(logits, labels);
      try {
        await assert.rejects(fence(), (error: Error) => {
          assert.equal(error.name, 'StreamError');
          assert.match(error.message, /^Expected .*label.* but received /);
          assert.ok(error.message.includes(String(label)), error.message);
          assert.match(error.stack ?? '', /cross-entropy\.test/);
          return true;
        });
      } finally {
        reset();
        for (const made of [logits, labels, loss]) made.dispose();
      }
    });
  }

  it('refuses ranks, sizes, dtypes and options that do not go together', () => {
    const labels = (...shape: number[]) => zeroTensor(shape, { dtype: 'int32' });
    const run = (options: Parameters<typeof F.crossEntropy>[2]) =>
      F.crossEntropy(zeroTensor([3, 5]), labels(3), options);
    assertBadInput(() => F.crossEntropy(zeroTensor([3]), labels(3)), /\(N,classes\) of 2 axes .*\(3\)/);
    assertBadInput(() => F.crossEntropy(zeroTensor([3, 5]), labels(4)), /\(3\) for crossEntropy target labels .*\(4\)/);
    assertBadInput(() => F.crossEntropy(zeroTensor([3, 5]), labels(3, 1)), /\(3\) for .* labels .*\(3,1\)/);
    assertBadInput(() => F.crossEntropy(zeroTensor([3, 5]), zeroTensor([3])), /\(3,5\) for .* probabilities .*\(3\)/);
    assertBadInput(() => F.crossEntropy(zeroTensor([3, 0]), labels(3)), /at least one class .*\(3,0\)/);
    assertBadInput(() => run({ labelSmoothing: 1.1 }), /from 0 to 1 for crossEntropy labelSmoothing .*1\.1/);
    assertBadInput(() => run({ labelSmoothing: Number.NaN }), /labelSmoothing .*NaN/);
    assertBadInput(() => run({ reduction: 'average' as 'mean' }), /one of 'none', 'mean', 'sum' .*'average'/);
    assertBadInput(() => run({ ignoreIndex: 0.5 }), /ignoreIndex .*0\.5/);
  });
});
