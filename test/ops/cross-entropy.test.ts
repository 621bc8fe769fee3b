import assert from 'node:assert/strict';
import { F, fence, reset, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, intsFromRef, returnsMemory, valuesOf } from '../native-op.js';
import { full, map, type Ref, ref, reshape, zeros } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';
import { type CrossEntropyOptions, crossEntropy, crossEntropyBackward } from '../reference/cross-entropy.js';
import { generator, integers, normal } from '../reference/random.js';
import { rearrange } from '../reference/rearrange.js';
import { softmax } from '../reference/softmax.js';

interface Options {
  labelSmoothing?: number;
  reduction?: 'none' | 'mean' | 'sum';
  ignoreIndex?: number;
  weight?: Ref;
}

function check(logits: Ref, target: Ref, options: Options, cancels = false): void {
  const y = crossEntropy(logits, target, options satisfies CrossEntropyOptions);
  const dy = map(y, (_, i) => 0.75 + i / 8);
  const soft = target.shape.length === 2;
  checkOp({
    inputs: { logits },
    run: (t) => {
      const { weight, ...rest } = options;
      const given = { ...rest, ...(weight && { weight: fromRef(weight) }) };
      return F.crossEntropy(t.logits, soft ? fromRef(target) : intsFromRef(target), given);
    },
    y,
    dy,
    gradients: { dlogits: crossEntropyBackward(dy, logits, target, options) },
    ...(cancels && { cancels: ['logits'] as const }),
  });
}

const REDUCTIONS = ['mean', 'sum', 'none'] as const;

/** The axes of x in another order. */
function permute(x: Ref, order: readonly number[]): Ref {
  const shape = order.map((axis) => x.shape[axis]);
  return rearrange(x, shape, (...index) => x.shape.map((_, axis) => index[order.indexOf(axis)]));
}

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

        it(`of (${N},${C}) with ${JSON.stringify(options)} and class weights has the reference's value and gradient`, () => {
          const weight = map(normal([C], generator(9)), (value) => Math.fround(Math.abs(value)));
          check(logits, labels, { ...options, weight });
          check(logits, soft, { ...options, weight });
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
      const weight = ref([5], [1, 0.5, 2, 4, 0.25]);
      check(logits, ref([7], [0, 3, 4, 3, 2, 1, 3]), { reduction, ignoreIndex: 3, labelSmoothing: 0.2, weight });
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

  it('with class weights leaves out infinite logits of other classes than the label', () => {
    scope(() => {
      const logits = tensor([[1, -Infinity, 2]], undefined, { requiresGrad: true });
      const loss = F.crossEntropy(logits, tensor(Int32Array.of(2)), { weight: tensor([1, 2, 3]), reduction: 'sum' });
      assert.ok(Math.abs(loss.itemSync() - 3 * Math.log(1 + Math.exp(-1))) < 1e-5);
      loss.backward();
      assert.equal(logits.grad?.dataSync()[1], 0);
    });
  });

  for (const { shape, labelled, order, soft } of [
    { shape: [3, 5, 2, 7], labelled: [3, 2, 7], order: [0, 2, 3, 1], soft: false },
    { shape: [3, 5, 2, 7], labelled: [3, 2, 7], order: [0, 2, 3, 1], soft: true },
    { shape: [3, 5, 4], labelled: [3, 4], order: [0, 2, 1], soft: false },
    { shape: [5], labelled: [], order: [0], soft: false },
    { shape: [5], labelled: [], order: [0], soft: true },
  ]) {
    for (const reduction of REDUCTIONS) {
      it(`of (${shape}) and ${soft ? 'probabilities' : 'labels'} is that of its rows, by ${reduction}`, () => {
        const rows = labelled.reduce((product, size) => product * size, 1);
        const logits = normal(shape, generator(21));
        const asRows = (x: Ref): Ref => reshape(permute(x, order), [rows, 5]);
        const target = soft ? softmax(normal(shape, generator(22))) : integers(labelled, generator(23), 5);
        const flat = soft ? asRows(target) : reshape(target, [rows]);
        const weight = ref([5], [1, 0.5, 2, 4, 0.25]);
        const options = { reduction, weight, labelSmoothing: 0.1 };
        const ofRows = crossEntropy(asRows(logits), flat, options);
        const y = reduction === 'none' ? reshape(ofRows, labelled) : ofRows;
        const dy = map(y, (_, i) => 0.75 + i / 8);
        const gradient = crossEntropyBackward(reshape(dy, ofRows.shape), asRows(logits), flat, options);
        const turned = order.map((axis) => shape[axis]);
        const back = order.map((_, axis) => order.indexOf(axis));
        checkOp({
          inputs: { logits },
          run: (t) => {
            const labels = soft ? fromRef(target) : intsFromRef(target);
            return F.crossEntropy(t.logits, labels, { ...options, weight: fromRef(weight) });
          },
          y,
          dy,
          gradients: { dlogits: permute(reshape(gradient, turned), back) },
        });
      });
    }
  }

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
    assertBadInput(() => F.crossEntropy(zeroTensor([]), labels()), /\(N,classes,\.\.\.\) of at least 1 axes/);
    assertBadInput(
      () => F.crossEntropy(zeroTensor([3]), labels(3)),
      /shape \(\) for crossEntropy target labels .*\(3\)/,
    );
    assertBadInput(() => F.crossEntropy(zeroTensor([3, 5, 2]), labels(3)), /shape \(3,2\) for .* labels .*\(3\)/);
    assertBadInput(() => run({ weight: zeroTensor([4]) }), /shape \(5\) for crossEntropy weight .*\(4\)/);
    assertBadInput(() => run({ weight: zeroTensor([5], { requiresGrad: true }) }), /weight without gradient/);
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
