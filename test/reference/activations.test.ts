import assert from 'node:assert/strict';
import { loadGolden } from '../golden.js';
import { ref, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { erf, erfc } from './erf.js';
import { checkGradient } from './finite-difference.js';
import { gelu, geluBackward, geluTanh, geluTanhBackward } from './gelu.js';
import { generator, normal } from './random.js';
import { relu, reluBackward } from './relu.js';
import { softmax, softmaxBackward } from './softmax.js';

// From the C library's erf and erfc, which are correct to the last bit or two.
const ERF = [
  [1e-10, 1.1283791670955126e-10],
  [0.1, 0.1124629160182849],
  [0.49, 0.511668261188523],
  [0.84375, 0.7672256612323416],
  [1, 0.8427007929497149],
  [1.25, 0.9229001282564582],
  [1.99, 0.995111413199617],
  [2, 0.9953222650189527],
  [2.01, 0.9955248493552482],
  [-0.5, -0.5204998778130465],
  [-3, -0.9999779095030014],
  [0, 0],
  [30, 1],
  [Infinity, 1],
];
const ERFC = [
  [0.4, 0.5716076449533315],
  [0.5, 0.4795001221869535],
  [1, 0.15729920705028513],
  [1.99, 0.004888586800383003],
  [2, 0.004677734981047265],
  [2.5, 0.0004069520174449589],
  [3.7, 1.6715105790914596e-7],
  [6, 2.1519736712498916e-17],
  [8.5, 2.7623240713337716e-33],
  [15, 7.212994172451206e-100],
  [26, 5.663192408856143e-296],
  [-1, 1.842700792949715],
  [-7, 2],
];

describe('reference erf', () => {
  for (const [x, expected] of ERF) {
    it(`erf(${x}) is ${expected}`, () => {
      assert.ok(Math.abs(erf(x) - expected) <= 1e-15 * Math.min(1, Math.abs(expected) * 10), `${erf(x)}`);
    });
  }
  for (const [x, expected] of ERFC) {
    it(`erfc(${x}) is ${expected}`, () => {
      assert.ok(Math.abs(erfc(x) - expected) <= 1e-13 * expected, `${erfc(x)}`);
    });
  }
});

interface Case {
  op: string;
  approximate?: 'none' | 'tanh';
}
const golden = (op: string) => loadGolden<Case>('ops').cases.filter((c) => c.params.op === op);

describe('reference gelu', () => {
  for (const { params, tensors } of golden('gelu')) {
    it(`agrees with PyTorch: approximate ${params.approximate}`, () => {
      const { x, y, gy, gx } = tensors;
      const [forward, backward] = params.approximate === 'tanh' ? [geluTanh, geluTanhBackward] : [gelu, geluBackward];
      assertClose(forward(x), y, { absolute: 1e-6 });
      assertClose(backward(gy, x), gx, { absolute: 5e-6 }); // float32 loses 1 - tanh^2 near 1
    });
  }

  for (const [name, forward, backward] of [
    ['erf', gelu, geluBackward],
    ['tanh', geluTanh, geluTanhBackward],
  ] as const) {
    it(`has the gradient of central differences: ${name}`, () => {
      const random = generator(91);
      const x = normal([17, 7], random, 3);
      const dy = normal(x.shape, random);
      checkGradient((inputs) => forward(inputs.x), { x }, { dx: backward(dy, x) }, { dy });
    });

    it(`keeps the sign of zero, and is x or nearly 0 far out: ${name}`, () => {
      const { data } = forward(ref([4], [-0, 0, 30, -30]));
      assert.deepEqual([...data.subarray(0, 3)], [-0, 0, 30]);
      assert.ok(data[3] <= 0 && data[3] > -1e-100, `${data[3]}`);
    });
  }
});

describe('reference relu', () => {
  it('agrees with PyTorch', () => {
    for (const { tensors } of golden('relu')) {
      const { x, y, gy, gx } = tensors;
      assert.deepEqual(relu(x), y);
      assert.deepEqual(reluBackward(gy, x), gx);
    }
  });

  it('passes no gradient at zero, and passes NaN on', () => {
    assert.deepEqual(reluBackward(ref([2], [1, 1]), ref([2], [0, -0])), zeros([2]));
    assert.deepEqual(relu(ref([1], [Number.NaN])), ref([1], [Number.NaN]));
  });

  it('has the gradient of central differences', () => {
    const random = generator(92);
    const [x, dy] = [normal([17], random), normal([17], random)];
    checkGradient((inputs) => relu(inputs.x), { x }, { dx: reluBackward(dy, x) }, { dy });
  });
});

describe('reference softmax', () => {
  it('agrees with PyTorch', () => {
    for (const { tensors } of golden('softmax')) {
      const { x, y, gy, gx } = tensors;
      assertClose(softmax(x), y);
      assertClose(softmaxBackward(gy, y), gx);
    }
  });

  for (const shape of [[1], [3, 1], [2, 7], [1, 3, 17]]) {
    it(`has the gradient of central differences: (${shape})`, () => {
      const random = generator(93);
      const [x, dy] = [normal(shape, random, 2), normal(shape, random)];
      checkGradient((inputs) => softmax(inputs.x), { x }, { dx: softmaxBackward(dy, softmax(x)) }, { dy });
    });
  }

  it('does not overflow', () => {
    assertClose(softmax(ref([1, 3], [1000, 1000, -1000])), ref([1, 3], [0.5, 0.5, 0]), { relative: 1e-15 });
  });

  it('takes an empty batch and an empty row', () => {
    assert.deepEqual(softmax(zeros([0, 7])), zeros([0, 7]));
    assert.deepEqual(softmax(zeros([2, 0])), zeros([2, 0]));
  });
});
