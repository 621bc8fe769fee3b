import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { type Conv2dOptions, conv2d, conv2dBackward } from './conv2d.js';
import { checkGradient } from './finite-difference.js';
import { generator, normal } from './random.js';

const CASES: [string, number[], number[], Conv2dOptions][] = [
  ['one pixel', [1, 7, 1, 1], [1, 7, 1, 1], {}],
  ['patches', [2, 1, 4, 4], [3, 1, 2, 2], { stride: [2, 2] }],
  ['every option', [1, 4, 5, 7], [6, 2, 3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 3], groups: 2 }],
  ['depthwise', [1, 3, 3, 3], [3, 1, 3, 3], { padding: [1, 1], groups: 3 }],
];

describe('reference conv2d', () => {
  for (const { params, tensors } of loadGolden<Conv2dOptions>('conv2d').cases) {
    it(`agrees with PyTorch: ${JSON.stringify(params)}`, () => {
      const { x, weight, b, y, gy, gx, gweight, gb } = tensors;
      assertClose(conv2d(x, weight, b, params), y);
      const { dx, dweight, dbias } = conv2dBackward(gy, x, weight, params);
      assertClose(dx, gx);
      assertClose(dweight, gweight);
      if (gb) assertClose(dbias, gb);
    });
  }

  for (const [name, xShape, weightShape, options] of CASES) {
    it(`has the gradients of central differences: ${name}`, () => {
      const random = generator(31);
      const x = normal(xShape, random);
      const weight = normal(weightShape, random);
      const bias = normal([weightShape[0]], random);
      const dy = normal(conv2d(x, weight, bias, options).shape, random);
      const gradients = conv2dBackward(dy, x, weight, options);
      const f = (inputs: { x: typeof x; weight: typeof x; bias: typeof x }) =>
        conv2d(inputs.x, inputs.weight, inputs.bias, options);
      checkGradient(f, { x, weight, bias }, gradients, { dy });
    });
  }

  it('takes an empty batch', () => {
    const weight = normal([5, 3, 2, 2], generator(32));
    assert.deepEqual(conv2d(zeros([0, 3, 4, 4]), weight), zeros([0, 5, 3, 3]));
    const { dx, dweight } = conv2dBackward(zeros([0, 5, 3, 3]), zeros([0, 3, 4, 4]), weight);
    assert.deepEqual([dx, dweight], [zeros([0, 3, 4, 4]), zeros([5, 3, 2, 2])]);
  });

  it('refuses channels that do not fit the groups', () => {
    assert.throws(() => conv2d(zeros([1, 4, 3, 3]), zeros([6, 4, 1, 1]), undefined, { groups: 2 }), /4 channels in 2/);
  });
});
