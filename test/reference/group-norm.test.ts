import assert from 'node:assert/strict';
import { type Ref, reshape, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { checkGradient } from './finite-difference.js';
import { groupNorm, groupNormBackward } from './group-norm.js';
import { layerNorm } from './layer-norm.js';
import { generator, normal } from './random.js';

describe('reference groupNorm', () => {
  it('normalises each group of channels as layerNorm does a row', () => {
    const x = normal([2, 6, 3, 5], generator(81));
    const rows = layerNorm(reshape(x, [2 * 3, 2 * 3 * 5])).y;
    assertClose(groupNorm(x, 3), reshape(rows, x.shape), { relative: 1e-15 });
  });

  it('scales and shifts each channel', () => {
    const random = generator(82);
    const [x, weight, bias] = [normal([1, 2, 1, 3], random), normal([2], random), normal([2], random)];
    const plain = groupNorm(x, 1);
    const expected = plain.data.map((xhat, i) => xhat * weight.data[Math.floor(i / 3)] + bias.data[Math.floor(i / 3)]);
    assertClose(groupNorm(x, 1, { weight, bias }), { shape: x.shape, data: expected }, { relative: 1e-15 });
  });

  for (const [shape, numGroups] of [
    [[1, 1, 1, 1], 1],
    [[2, 6, 1, 3], 3],
    [[1, 4, 3, 7], 1],
    [[2, 7, 2, 2], 7],
  ] as const) {
    it(`has the gradients of central differences: (${shape}), ${numGroups} groups`, () => {
      const random = generator(83);
      const [x, dy] = [normal(shape, random), normal(shape, random)];
      const [weight, bias] = [normal([shape[1]], random), normal([shape[1]], random)];
      const f = (inputs: { x: Ref; weight: Ref; bias: Ref }) =>
        groupNorm(inputs.x, numGroups, { weight: inputs.weight, bias: inputs.bias, eps: 1e-3 });
      checkGradient(f, { x, weight, bias }, groupNormBackward(dy, x, numGroups, { weight, eps: 1e-3 }), { dy });
    });
  }

  it('takes an empty batch', () => {
    assert.deepEqual(groupNorm(zeros([0, 4, 2, 2]), 2), zeros([0, 4, 2, 2]));
  });
});
