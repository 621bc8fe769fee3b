import assert from 'node:assert/strict';
import { F, ones, randn, scope, type Tensor, tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, returnsMemory } from '../native-op.js';
import { ref } from '../reference/array.js';
import { assertClose } from '../reference/assert-close.js';
import { generator, normal, uniform } from '../reference/random.js';
import { UNARY, type Unary, unary, unaryBackward } from '../reference/unary.js';

interface Case {
  name: keyof typeof UNARY;
  run: (x: Tensor) => Tensor;
  /** The numbers beside x, and where x is drawn from: [-3, 3] unless said. */
  p?: number;
  q?: number;
  low?: number;
  high?: number;
}

const CASES: readonly Case[] = [
  { name: 'neg', run: F.neg },
  { name: 'exp', run: F.exp, low: -80, high: 80 },
  { name: 'log', run: F.log, low: 1e-3, high: 30 },
  { name: 'log1p', run: F.log1p, low: -0.99 },
  { name: 'sqrt', run: F.sqrt, low: 1e-3 },
  { name: 'rsqrt', run: F.rsqrt, low: 1e-3 },
  { name: 'abs', run: F.abs },
  { name: 'sign', run: F.sign },
  { name: 'sin', run: F.sin, low: -100, high: 100 },
  { name: 'cos', run: F.cos, low: -100, high: 100 },
  { name: 'sigmoid', run: F.sigmoid, low: -90, high: 20 },
  { name: 'silu', run: F.silu, low: -20, high: 20 },
  { name: 'logSigmoid', run: F.logSigmoid, low: -90, high: 80 },
  { name: 'square', run: F.square },
  { name: 'pow', run: (x) => F.pow(x, -1.5), p: -1.5, low: 0.1 },
  { name: 'pow', run: (x) => F.pow(x, 3), p: 3 },
  { name: 'pow', run: (x) => F.pow(x, 2), p: 2 },
  { name: 'pow', run: (x) => F.pow(x, 0), p: 0 },
  { name: 'clamp', run: (x) => F.clamp(x, { min: -1, max: 0.5 }), p: -1, q: 0.5 },
  { name: 'clamp', run: (x) => F.clamp(x, { min: -1 }), p: -1, q: Infinity },
  { name: 'clamp', run: (x) => F.clamp(x, { max: 0.5 }), p: -Infinity, q: 0.5 },
];

describe('functions of one tensor', () => {
  returnsMemory();

  for (const { name, run, p = 0, q = 0, low = -3, high = 3 } of CASES) {
    const op: Unary = UNARY[name];
    const title = p === 0 && q === 0 ? name : `${name} (${p}, ${q})`;

    for (const shape of [[], [1], [7], [17], [3, 5, 197], [0], [2, 0]]) {
      it(`${title} of (${shape}) has the reference's value and gradient`, () => {
        const random = generator(1);
        const x = uniform(shape, random, low, high);
        const dy = normal(shape, random);
        const dx = unaryBackward(op, dy, x, p, q);
        checkOp({ inputs: { x }, run: (t) => run(t.x), y: unary(op, x, p, q), dy, gradients: { dx } });
      });
    }

    it(`${title} is within 1e-6 of each value`, () => {
      const x = uniform([4001], generator(2), low, high);
      // Near their zeros, sine and cosine are as near to them as to 1; what is below 2^-126 is written as 0.
      const absolute = name === 'sin' || name === 'cos' ? 1e-6 : 2 ** -126;
      scope(() => {
        const data = run(fromRef(x)).dataSync();
        assertClose({ shape: x.shape, data }, unary(op, x, p, q), { relative: 1e-6, absolute });
      });
    });
  }

  for (const name of ['sin', 'cos'] as const) {
    it(`${name} holds for angles of any size`, () => {
      const x = ref([5], [4e4, -1e6, 123456789, 1e20, -3e38].map(Math.fround));
      scope(() => {
        const data = F[name](fromRef(x)).dataSync();
        assertClose({ shape: [5], data }, unary(UNARY[name], x), { relative: 0, absolute: 1e-6 });
      });
    });
  }

  it('pow takes negative numbers to whole powers', () => {
    scope(() => {
      const x = tensor([-2, -0.5, -3]);
      assert.deepEqual([...F.pow(x, 3).dataSync()], [-8, -0.125, -27]);
      assert.deepEqual([...F.pow(x, 4).dataSync()], [16, 0.0625, 81]);
      assert.deepEqual([...F.pow(x, 1.5).dataSync()], [NaN, NaN, NaN]);
    });
  });

  it('are methods of a tensor too', () => {
    scope(() => {
      const x = tensor([0.25, 4]);
      assert.deepEqual(x.sqrt().dataSync(), F.sqrt(x).dataSync());
      assert.deepEqual(x.clamp({ max: 1 }).dataSync(), Float32Array.of(0.25, 1));
      assert.deepEqual(x.pow(2).dataSync(), Float32Array.of(0.0625, 16));
    });
  });

  it('large results are made again in backward where the input is kept', () => {
    scope(() => {
      const x = randn([1100, 1000], { requiresGrad: true });
      F.square(F.sin(x)).backward(ones([1100, 1000]));
      const [expected, actual] = scope(() => {
        const [values, grad] = [x.dataSync() as Float32Array, x.grad?.dataSync() as Float32Array];
        return [values.subarray(0, 99).map((value) => Math.sin(2 * value)), grad.subarray(0, 99)];
      });
      assertClose({ shape: [99], data: actual }, { shape: [99], data: expected });
    });
  });

  it('refuse what is no float32 tensor, and bounds and exponents that are none', () => {
    assertBadInput(() => F.exp(3 as unknown as Tensor), /a Tensor for exp input .*3/);
    assertBadInput(() => F.log(tensor(Int32Array.of(1))), /a float32 tensor for log input/);
    assertBadInput(() => F.pow(ones([1]), Number.NaN), /a finite number for pow exponent .*NaN/);
    assertBadInput(() => F.clamp(ones([1]), {}), /min, max or both for clamp/);
    assertBadInput(() => F.clamp(ones([1]), { min: '1' as unknown as number }), /a finite number for clamp min .*'1'/);
    assertBadInput(() => F.clamp(ones([1]), { maximum: 1 } as object), /option among min, max .*maximum/);
    assertBadInput(() => ones([1]).clamp(undefined as unknown as object), /min, max or both/);
  });
});
