import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { checkGradient } from './finite-difference.js';
import { generator, normal } from './random.js';
import { fold, foldBackward, type UnfoldOptions, unfold, unfoldBackward } from './unfold.js';
import type { Pair } from './window.js';

const CASES: [string, number[], UnfoldOptions][] = [
  ['patches', [1, 1, 4, 6], { kernelSize: [2, 3], stride: [2, 3] }],
  ['one pixel', [1, 7, 1, 1], { kernelSize: [1, 1] }],
  ['overlap', [2, 1, 7, 5], { kernelSize: [3, 2] }],
  ['every option', [1, 2, 7, 8], { kernelSize: [3, 2], dilation: [2, 3], padding: [1, 2], stride: [2, 1] }],
];

describe('reference unfold and fold', () => {
  for (const { params, tensors } of loadGolden<UnfoldOptions>('unfold').cases) {
    it(`agree with PyTorch: ${JSON.stringify(params)}`, () => {
      const { x, y, gy, gx, folded } = tensors;
      assertClose(unfold(x, params), y, { relative: 0, absolute: 0 });
      assertClose(unfoldBackward(gy, x.shape, params), gx, { relative: 1e-6 });
      assertClose(fold(y, x.shape.slice(2) as unknown as Pair, params), folded, { relative: 1e-6 });
    });
  }

  for (const [name, shape, options] of CASES) {
    it(`have the gradients of central differences: ${name}`, () => {
      const random = generator(11);
      const x = normal(shape, random);
      const columns = normal(unfold(x, options).shape, random);
      const dx = unfoldBackward(columns, shape, options);
      checkGradient((inputs) => unfold(inputs.x, options), { x }, { dx }, { dy: columns });
      const size: Pair = [shape[2], shape[3]];
      const dcolumns = foldBackward(x, options);
      checkGradient((inputs) => fold(inputs.columns, size, options), { columns }, { dcolumns }, { dy: x });
    });
  }

  it('take an empty batch', () => {
    assert.deepEqual(unfold(zeros([0, 3, 8, 8]), { kernelSize: [4, 4], stride: [4, 4] }), zeros([0, 48, 4]));
    assert.deepEqual(fold(zeros([0, 48, 4]), [8, 8], { kernelSize: [4, 4], stride: [4, 4] }), zeros([0, 3, 8, 8]));
  });

  it('refuse a kernel larger than the padded image', () => {
    assert.throws(() => unfold(zeros([1, 1, 3, 3]), { kernelSize: [4, 3] }), /4x3 does not fit an image of 3x3/);
  });
});
