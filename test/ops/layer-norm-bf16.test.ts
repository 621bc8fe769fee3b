import assert from 'node:assert/strict';
import { F, scope, type Tensor } from '../../lib/index.js';
import { assertNear, fromRef, returnsMemory } from '../native-op.js';
import { map, type Ref } from '../reference/array.js';
import { layerNorm, layerNormBackward } from '../reference/layer-norm.js';
import { generator, normal } from '../reference/random.js';
import { rounded } from './rounded.js';

/** Numbers that bfloat16 holds. */
const halves = (x: Ref): Ref => map(x, rounded);

/** Asserts that each element is the expected one, rounded so many times to 8 bits. */
function assertRounded(actual: Tensor | null, expected: Ref, roundings: number, what: string): void {
  assert.equal(actual?.dtype, 'bfloat16', what);
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const [i, value] of (actual?.dataSync() ?? []).entries()) {
    const bound = roundings * 2 ** -8 * Math.abs(expected.data[i]) + 1e-5 * largest; // a float32 near the middle may go either way
    assert.ok(Math.abs(value - expected.data[i]) <= bound, `${what}, element ${i}: ${value} and ${expected.data[i]}`);
  }
}

describe('layerNorm of bfloat16', () => {
  returnsMemory();

  for (const shape of [[7], [17], [5, 33], [3, 5, 197], [197, 64], [0, 7]]) {
    for (const dtype of ['float32', 'bfloat16'] as const) {
      it(`of (${shape}) into ${dtype} is computed on its numbers in float32, and so are its gradients`, () => {
        scope(() => {
          const random = generator(1);
          const width = [shape[shape.length - 1]];
          const x = halves(map(normal(shape, random, 3), (value) => value + 2));
          const [weight, bias] = [normal(width, random), normal(width, random)];
          const dy = halves(normal(shape, random));
          const [t, w, b] = [fromRef(x).bfloat16().detach(), fromRef(weight), fromRef(bias)];
          for (const each of [t, w, b]) each.requiresGrad = true;
          const y = F.layerNorm(t, w, b, { dtype });
          const expected = layerNorm(x, { weight, bias }).y;
          if (dtype === 'bfloat16') assertRounded(y, expected, 1, 'result');
          else assertNear(y, expected, 'result');
          const { dx, dweight, dbias } = layerNormBackward(dy, x, { weight });
          y.backward({ gradient: fromRef(dy).to(dtype), retainGraph: true });
          assertRounded(t.grad, dx, 1, 'dx');
          assertNear(w.grad, dweight, 'dweight', 1e-4);
          assertNear(b.grad, dbias, 'dbias', 1e-4);
          y.backward(fromRef(dy).to(dtype)); // added to what is there
          assertRounded(
            t.grad,
            map(dx, (value) => 2 * value),
            2,
            'twice dx',
          );
        });
      });
    }
  }

  it('is that of the sum, as add stores it, with a residual', () => {
    scope(() => {
      const random = generator(2);
      const [x, residual] = [halves(normal([5, 17], random)), halves(normal([5, 17], random))];
      const [a, b] = [fromRef(x).bfloat16(), fromRef(residual).bfloat16()];
      const { y, sum } = F.addLayerNorm(a, b);
      assert.equal(sum.dtype, 'bfloat16');
      const stored = map(x, (value, i) => rounded(value + residual.data[i]));
      assertNear(sum, stored, 'sum', 0);
      assertNear(y, layerNorm(stored).y, 'result');
      assert.equal(F.addLayerNorm(a, b.float()).sum.dtype, 'float32');
    });
  });
});
