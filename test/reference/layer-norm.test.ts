import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { add } from './add.js';
import { full, type Ref, ref, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { checkGradient } from './finite-difference.js';
import { layerNorm, layerNormBackward } from './layer-norm.js';
import { generator, normal } from './random.js';

interface Case {
  op: string;
  eps: number;
}

describe('reference layerNorm', () => {
  for (const { params, tensors } of loadGolden<Case>('ops').cases.filter((c) => c.params.op === 'layerNorm')) {
    it(`agrees with PyTorch: (${tensors.x.shape}), eps ${params.eps}`, () => {
      const { x, weight, b: bias, y, gy, gx, gweight, gb } = tensors;
      assertClose(layerNorm(x, { weight, bias, eps: params.eps }).y, y);
      const { dx, dweight, dbias } = layerNormBackward(gy, x, { weight, eps: params.eps });
      // Absolute, as at C = 1 the true gradients are 0 and PyTorch's float32 ones are not.
      assertClose(dx, gx, { absolute: 1e-5 });
      assertClose(dweight, gweight, { absolute: 1e-5 });
      assertClose(dbias, gb);
    });
  }

  for (const shape of [[1, 1], [7], [3, 7], [2, 3, 17]]) {
    const random = generator(71);
    const C = shape[shape.length - 1];
    const [x, residual, dy, dsum] = [0, 1, 2, 3].map(() => normal(shape, random));
    const [weight, bias] = [normal([C], random), normal([C], random)];

    it(`has the gradients of central differences: (${shape})`, () => {
      const f = (inputs: { x: Ref; weight: Ref; bias: Ref }) =>
        layerNorm(inputs.x, { weight: inputs.weight, bias: inputs.bias, eps: 1e-3 }).y;
      checkGradient(f, { x, weight, bias }, layerNormBackward(dy, x, { weight, eps: 1e-3 }), { dy });
    });

    it(`has the gradients of central differences, without affine: (${shape})`, () => {
      const gradients = layerNormBackward(dy, x, { eps: 1e-3 });
      checkGradient((inputs) => layerNorm(inputs.x, { eps: 1e-3 }).y, { x }, gradients, { dy });
    });

    it(`has the gradients of central differences through both outputs, with a residual: (${shape})`, () => {
      const f = (inputs: { x: Ref; residual: Ref; weight: Ref; bias: Ref }) => {
        const { y, sum } = layerNorm(inputs.x, { ...inputs, eps: 1e-3 });
        return [y, sum];
      };
      const gradients = layerNormBackward(dy, x, { weight, residual, dsum, eps: 1e-3 });
      checkGradient(f, { x, residual, weight, bias }, gradients, { dy: [dy, dsum] });
    });
  }

  it('gives the moments of each row, and the sum it normalised', () => {
    const x = ref([2, 2], [1, 3, 5, 5]);
    const residual = full([2, 2], 1);
    const { y, sum, mean, rstd } = layerNorm(x, { residual, eps: 0.25 });
    assert.deepEqual(sum, add(x, residual));
    assert.deepEqual(mean, ref([2], [3, 6]));
    assertClose(rstd, ref([2], [1 / Math.sqrt(1.25), 2]), { relative: 1e-15 });
    assertClose(y, ref([2, 2], [-1 / Math.sqrt(1.25), 1 / Math.sqrt(1.25), 0, 0]), { relative: 1e-15 });
  });

  it('takes an empty batch', () => {
    assert.deepEqual(layerNorm(zeros([0, 7])).y, zeros([0, 7]));
    assert.deepEqual(layerNormBackward(zeros([0, 7]), zeros([0, 7])).dweight, zeros([7]));
  });
});
