import assert from 'node:assert/strict';
import { autocast, F, info, type Precision, scope, type Tensor } from '../../lib/index.js';
import { fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { map, type Ref, ref } from '../reference/array.js';
import { attentionBackward } from '../reference/attention.js';
import { crossEntropyBackward } from '../reference/cross-entropy.js';
import { bernoulli, generator, integers, normal } from '../reference/random.js';
import { softmax } from '../reference/softmax.js';

/** The length of a - b, as a share of b's. */
function relativeError(a: Tensor | null, b: Ref): number {
  assert.ok(a !== null, 'there is no gradient');
  const values = a.dataSync();
  const difference = b.data.reduce((sum, value, i) => sum + ((values[i] ?? Number.NaN) - value) ** 2, 0);
  return Math.sqrt(difference / b.data.reduce((sum, value) => sum + value ** 2, 0));
}

const largest = (x: Tensor | null): number => Math.max(...Array.from(x?.dataSync() ?? [Number.NaN], Math.abs));

describe('crossEntropy of logits with an offset', () => {
  returnsMemory();

  for (const offset of [1e4, -1e4, 1e8]) {
    // Multiples of the float's step at the offset, so that rounding takes nothing from the inputs.
    const step = Math.abs(offset) > 1e6 ? 8 : 2 ** -8;
    const logits = map(normal([7, 17], generator(1), 3), (value) => offset + step * Math.round(value / step));
    const dy = ref([], [1]);
    const soft = map(softmax(normal([7, 17], generator(3))), Math.fround);
    for (const [name, target] of [
      ['labels', integers([7], generator(2), 17)],
      ['probabilities', soft],
    ] as const) {
      for (const labelSmoothing of [0, 0.1]) {
        it(`of ${offset} has a gradient within 1e-6, by ${name}, smoothed by ${labelSmoothing}`, () => {
          scope(() => {
            const x = fromRef(logits, { requiresGrad: true });
            const given = name === 'labels' ? intsFromRef(target) : fromRef(target);
            F.crossEntropy(x, given, { labelSmoothing }).backward();
            const error = relativeError(x.grad, crossEntropyBackward(dy, logits, target, { labelSmoothing }));
            assert.ok(error <= 1e-6, `off by ${error}`);
          });
        });
      }
    }
  }
});

describe('attention with large scores', () => {
  returnsMemory();

  const PRECISIONS: Precision[] = info().bf16.available ? ['fp32', 'bf16'] : ['fp32'];
  // Few enough keys to stay in registers, one more than that on AVX-512, and several blocks of queries.
  for (const [T, M, D] of [
    [17, 17, 16],
    [7, 32, 8],
    [33, 33, 16],
    [197, 131, 33],
  ] as const) {
    const random = generator(4);
    const q = map(normal([2, 2, T, D], random, 30), Math.fround);
    const k = map(normal([2, 2, M, D], random), Math.fround);
    const dy = map(normal([2, 2, T, D], random), Math.fround);

    for (const precision of PRECISIONS) {
      for (const masks of ['no mask', 'a causal mask', 'a padding mask']) {
        // Weights that add up to 1 in backward as in forward: then equal values have no use for other weights.
        it(`gives q and k no gradient where all values are equal: T,M,D ${[T, M, D]}, ${precision}, ${masks}`, () => {
          scope(() => {
            const [tq, tk] = [fromRef(q, { requiresGrad: true }), fromRef(k, { requiresGrad: true })];
            const v = fromRef(map(k, () => 1.5));
            const padding = intsFromRef(bernoulli([2, M], generator(5), 0.4));
            const options = {
              causal: masks === 'a causal mask',
              ...(masks === 'a padding mask' && { keyPaddingMask: padding }),
            };
            autocast(precision, () => F.attention(tq, tk, v, options)).backward(fromRef(dy));
            // The terms that cancel are |dy| |v| |k|, about 20 for q, and 30 times that for k.
            assert.ok(largest(tq.grad) < 1e-4, `dq is ${largest(tq.grad)}`);
            assert.ok(largest(tk.grad) < 3e-3, `dk is ${largest(tk.grad)}`);
          });
        });
      }
    }

    it(`has gradients within 1e-5 of float64's: T,M,D ${[T, M, D]}`, () => {
      const v = map(normal([2, 2, M, D], random), Math.fround);
      const expected = attentionBackward(dy, q, k, v);
      scope(() => {
        const [tq, tk, tv] = [q, k, v].map((x) => fromRef(x, { requiresGrad: true })) as [Tensor, Tensor, Tensor]; // three
        F.attention(tq, tk, tv).backward(fromRef(dy));
        for (const [name, tensor, gradient, bound] of [
          ['dq', tq, expected.dq, 1e-5],
          ['dk', tk, expected.dk, 1e-5],
          ['dv', tv, expected.dv, 2e-6],
        ] as const) {
          const error = relativeError(tensor.grad, gradient);
          assert.ok(error <= bound, `${name} is off by ${error}`);
        }
      });
    });
  }
});
