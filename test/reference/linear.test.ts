import assert from 'node:assert/strict';
import { add } from './add.js';
import { type Ref, reshape, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { checkGradient } from './finite-difference.js';
import { gelu, geluTanh } from './gelu.js';
import { type Activation, linear, linearBackward } from './linear.js';
import { matmul } from './matmul.js';
import { generator, normal } from './random.js';
import { relu } from './relu.js';

const ACTIVATIONS: [Activation, (x: Ref) => Ref][] = [
  ['none', (x) => x],
  ['gelu', gelu],
  ['gelu_tanh', geluTanh],
  ['relu', relu],
];

describe('reference linear', () => {
  for (const [activation, act] of ACTIVATIONS) {
    for (const [shape, OC] of [
      [[1, 1], 1],
      [[7], 3],
      [[2, 3, 7], 5],
      [[1, 17], 7],
    ] as [number[], number][]) {
      const random = generator(41);
      const x = normal(shape, random);
      const weight = normal([OC, shape[shape.length - 1]], random);
      const bias = normal([OC], random);
      const residual = normal(shape.with(-1, OC), random);

      it(`is the composition of its parts: ${activation}, (${shape}) to ${OC}`, () => {
        const rows = matmul(reshape(x, [x.data.length / weight.shape[1], weight.shape[1]]), weight, {
          transposeB: true,
        });
        const composed = add(act(add(reshape(rows, residual.shape), bias)), residual);
        assertClose(linear(x, weight, { bias, activation, residual }), composed, { relative: 1e-14 });
      });

      it(`has the gradients of central differences: ${activation}, (${shape}) to ${OC}`, () => {
        const dy = normal(residual.shape, random);
        const f = (inputs: { x: Ref; weight: Ref; bias: Ref; residual: Ref }) =>
          linear(inputs.x, inputs.weight, { bias: inputs.bias, activation, residual: inputs.residual });
        checkGradient(f, { x, weight, bias, residual }, linearBackward(dy, x, weight, { bias, activation }), { dy });
      });
    }
  }

  it('does without a bias and a residual', () => {
    const random = generator(42);
    const [x, weight, dy] = [normal([2, 7], random), normal([3, 7], random), normal([2, 3], random)];
    assert.deepEqual(linear(x, weight), linear(x, weight, { bias: zeros([3]), residual: zeros([2, 3]) }));
    const f = (inputs: { x: Ref; weight: Ref }) => linear(inputs.x, inputs.weight);
    checkGradient(f, { x, weight }, linearBackward(dy, x, weight), { dy });
  });

  it('takes an empty batch', () => {
    const weight = normal([3, 7], generator(43));
    assert.deepEqual(linear(zeros([0, 7]), weight), zeros([0, 3]));
    assert.deepEqual(linearBackward(zeros([0, 3]), zeros([0, 7]), weight).dweight, zeros([3, 7]));
  });
});
