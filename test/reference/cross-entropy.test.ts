import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { full, ref, reshape, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { type CrossEntropyOptions, crossEntropy, crossEntropyBackward } from './cross-entropy.js';
import { checkGradient } from './finite-difference.js';
import { generator, integers, normal } from './random.js';
import { softmax } from './softmax.js';

interface Case extends CrossEntropyOptions {
  op: string;
  soft?: boolean;
}

describe('reference crossEntropy', () => {
  for (const { params, tensors } of loadGolden<Case>('ops').cases.filter((c) => c.params.op === 'crossEntropy')) {
    it(`agrees with PyTorch: (${tensors.x.shape}), ${JSON.stringify(params)}`, () => {
      const { x, y, gx } = tensors;
      const target = params.soft ? tensors.target : tensors.label;
      assertClose(crossEntropy(x, target, params), y);
      assertClose(crossEntropyBackward(full([], 1), x, target, params), gx);
    });
  }

  for (const [N, C] of [
    [1, 1],
    [1, 7],
    [7, 17],
  ]) {
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      for (const labelSmoothing of [0, 0.1]) {
        const random = generator(101);
        const logits = normal([N, C], random, 2);
        const labels = integers([N], random, C);
        // All but the first row, which is left out when there is another.
        const someIgnored = ref(
          [N],
          labels.data.map((label, n) => (n === 0 && N > 1 ? -100 : label)),
        );
        // Probabilities that do not add up to one: PyTorch takes them as they are.
        const unnormalised = reshape(
          ref(
            [N * C],
            softmax(normal([N, C], random)).data.map((p) => 1.5 * p),
          ),
          [N, C],
        );
        const targets = { labels, 'labels, one ignored': someIgnored, probabilities: unnormalised };
        for (const [name, target] of Object.entries(targets)) {
          it(`has the differences' gradient: ${[N, C]} ${name}, ${reduction}, smoothing ${labelSmoothing}`, () => {
            for (const weight of [undefined, ref([C], normal([C], generator(103)).data.map(Math.abs))]) {
              const options = { reduction, labelSmoothing, weight };
              const dy = normal(reduction === 'none' ? [N] : [], generator(102));
              const dlogits = crossEntropyBackward(dy, logits, target, options);
              const f = (inputs: { logits: typeof logits }) => crossEntropy(inputs.logits, target, options);
              checkGradient(f, { logits }, { dlogits }, { dy });
            }
          });
        }
      }
    }
  }

  const random = generator(103);
  const logits = normal([3, 5], random);

  it('is the negative log probability of the label', () => {
    const p = softmax(logits).data;
    const expected = ref([3], [-Math.log(p[4]), -Math.log(p[5]), -Math.log(p[12])]);
    assertClose(crossEntropy(logits, ref([3], [4, 0, 2]), { reduction: 'none' }), expected, { relative: 1e-14 });
  });

  it('smooths labels as PyTorch does: (1 - s) of the loss and s of the mean over the classes', () => {
    const logp = softmax(logits).data.map(Math.log).subarray(0, 5);
    const uniform = -logp.reduce((sum, value) => sum + value, 0) / 5;
    const one = ref([1, 5], logits.data.subarray(0, 5));
    const expected = ref([], [0.7 * -logp[4] + 0.3 * uniform]);
    assertClose(crossEntropy(one, ref([1], [4]), { labelSmoothing: 0.3 }), expected, { relative: 1e-14 });
  });

  it('takes a one-hot row for its label', () => {
    const oneHot = ref([3, 5], [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    for (const labelSmoothing of [0, 0.2]) {
      const options = { labelSmoothing };
      assert.deepEqual(crossEntropy(logits, oneHot, options), crossEntropy(logits, ref([3], [4, 0, 2]), options));
    }
  });

  it('leaves ignored rows out of the sum, the count and the gradient', () => {
    const kept = ref([2, 5], logits.data.subarray(5));
    for (const [reduction, ignoreIndex] of [
      ['mean', -100],
      ['sum', 3],
    ] as const) {
      const options = { reduction, ignoreIndex, labelSmoothing: 0.1 };
      const target = ref([3], [ignoreIndex, 0, 2]);
      assert.deepEqual(crossEntropy(logits, target, options), crossEntropy(kept, ref([2], [0, 2]), options));
      const dlogits = crossEntropyBackward(full([], 1), logits, target, options);
      assert.deepEqual([...dlogits.data.subarray(0, 5)], [0, 0, 0, 0, 0]);
    }
    assert.equal(crossEntropy(logits, ref([3], [-100, 0, 2]), { reduction: 'none' }).data[0], 0);
  });

  it('has no mean over no rows: NaN, with a gradient of zero', () => {
    const ignored = full([3], -100);
    assertClose(crossEntropy(logits, ignored), full([], Number.NaN));
    assert.deepEqual(crossEntropyBackward(full([], 1), logits, ignored), zeros([3, 5]));
    assertClose(crossEntropy(zeros([0, 5]), zeros([0])), full([], Number.NaN));
    assert.deepEqual(crossEntropy(zeros([0, 5]), zeros([0]), { reduction: 'sum' }), full([], 0));
  });

  it('does not overflow', () => {
    assertClose(crossEntropy(ref([1, 2], [1000, -1000]), ref([1], [1])), ref([], [2000]), { relative: 1e-15 });
  });

  it('refuses a label that is no class', () => {
    assert.throws(() => crossEntropy(logits, ref([3], [0, 5, 1])), /No class 5 among 5/);
    assert.throws(() => crossEntropy(logits, ref([3], [0, -1, 1])), /No class -1 among 5/);
  });
});
