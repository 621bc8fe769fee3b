import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { ref, reshape, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { checkGradient } from './finite-difference.js';
import { matmul, matmulBackward } from './matmul.js';
import { generator, normal } from './random.js';
import { transpose } from './transpose.js';
import { unfold } from './unfold.js';

describe('reference matmul', () => {
  it('multiplies row by column', () => {
    const a = ref([2, 3], [1, 2, 3, 4, 5, 6]);
    const b = ref([3, 2], [1, 0, 2, 1, 0, 3]);
    assert.deepEqual(matmul(a, b), ref([2, 2], [5, 11, 14, 23]));
  });

  it('agrees with PyTorch on the embedding of patches', () => {
    for (const { tensors } of loadGolden<object>('worked-example').cases) {
      const columns = unfold(tensors.image, { kernelSize: [4, 4], stride: [4, 4] });
      assertClose(matmul(transpose(columns, -1, -2), tensors.weight), tensors.naive);
      assertClose(matmul(columns, tensors.weight, { transposeA: true }), tensors.naive);
    }
  });

  for (const [batchA, batchB] of [
    [[], []],
    [[2], [2]],
    [[3, 1], [2]],
    [[], [2, 3]],
    [[1], [3, 1]],
  ]) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const name = `(${batchA}) by (${batchB})${transposeA ? ', A^T' : ''}${transposeB ? ', B^T' : ''}`;
        const random = generator(21);
        const [M, K, N] = [3, 7, 2];
        const a = normal([...batchA, ...(transposeA ? [K, M] : [M, K])], random);
        const b = normal([...batchB, ...(transposeB ? [N, K] : [K, N])], random);
        const options = { transposeA, transposeB };

        it(`equals the product of explicit transposes: ${name}`, () => {
          const plain = matmul(transposeA ? transpose(a, -1, -2) : a, transposeB ? transpose(b, -1, -2) : b);
          assert.deepEqual(matmul(a, b, options), plain);
        });

        it(`has the gradients of central differences: ${name}`, () => {
          const dy = normal(matmul(a, b, options).shape, random);
          const gradients = matmulBackward(dy, a, b, options);
          checkGradient((inputs) => matmul(inputs.a, inputs.b, options), { a, b }, gradients, { dy });
        });
      }
    }
  }

  it('repeats a broadcast operand for each matrix of the other', () => {
    const random = generator(22);
    const a = normal([2, 1, 7], random);
    const b = normal([7, 3], random);
    assertClose(matmul(a, b), reshape(matmul(reshape(a, [2, 7]), b), [2, 1, 3]), { relative: 1e-15 });
  });

  it('sums nothing to zero, and takes an empty batch', () => {
    assert.deepEqual(matmul(zeros([2, 0]), zeros([0, 3])), zeros([2, 3]));
    assert.deepEqual(matmul(zeros([0, 2, 4]), zeros([4, 3])), zeros([0, 2, 3]));
  });

  it('refuses inner sizes that differ', () => {
    assert.throws(() => matmul(zeros([2, 3]), zeros([2, 3])), /\(2, 3\) and \(2, 3\) do not multiply/);
  });
});
