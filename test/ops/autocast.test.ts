import assert from 'node:assert/strict';
import { autocast, F, grad, nn, type Precision, randn, scope, type Tensor, tensor } from '../../lib/index.js';
import { unit } from '../../lib/nn/features.js';
import { mergedWeight } from '../../lib/nn/lora.js';
import { resampleGrid } from '../../lib/nn/resample.js';
import { rollOut } from '../../lib/nn/vit/attention-rollout.js';
import { attentionWeights } from '../../lib/ops/attention-weights.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';
import { runProgram } from '../runtime/run-program.js';
import { rounded } from './rounded.js';

function roundedTensor(x: Tensor): Tensor {
  return tensor(Float32Array.from(x.dataSync(), rounded), x.shape, { requiresGrad: x.requiresGrad });
}

/** Asserts that a result is bfloat16, and as near to the expected one as that can be. */
function assertRoundedResult(actual: Tensor, expected: Tensor): void {
  assert.equal(actual.dtype, 'bfloat16');
  const values = Array.from(expected.dataSync());
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const [i, value] of actual.dataSync().entries()) {
    const bound = 2 ** -8 * Math.abs(values[i] ?? NaN) + 1e-5 * largest;
    assert.ok(Math.abs(value - (values[i] ?? NaN)) <= bound, `result, element ${i}: ${value} and ${values[i]}`);
  }
}

function assertClose(actual: Tensor | null, expected: Tensor | null, what: string): void {
  const [a, b] = [actual, expected].map((x) => Array.from(x?.dataSync() ?? [])) as [number[], number[]]; // one each
  assert.equal(a.length, b.length, what);
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const [i, value] of a.entries()) {
    assert.ok(Math.abs(value - (b[i] ?? NaN)) <= 1e-5 * largest, `${what}, element ${i}: ${value} and ${b[i]}`);
  }
}

/** The length of a - b, as a share of b's. */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let square = 0;
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2;
    square += (b[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / square);
}

/** Asserts that an op under bf16 gives what it gives on rounded factors in float32, and so do its gradients. */
function assertRoundsFactors(
  op: (x: Tensor, weight: Tensor, bias?: Tensor) => Tensor,
  shape: readonly number[],
  weightShape: readonly number[],
): void {
  scope(() => {
    const x = randn(shape, { requiresGrad: true });
    const weight = randn(weightShape, { requiresGrad: true });
    const bias = randn(weightShape.slice(0, 1), { requiresGrad: true });
    const y = autocast('bf16', () => op(x, weight, bias));
    const dy = roundedTensor(randn(y.shape)); // so that rounding it again changes nothing
    y.backward(dy);
    const [sameX, sameWeight] = [roundedTensor(x), roundedTensor(weight)];
    const sameBias = tensor(bias.dataSync(), bias.shape, { requiresGrad: true });
    const expected = op(sameX, sameWeight, sameBias);
    expected.backward(dy);
    if (y.dtype === 'bfloat16') assertRoundedResult(y, expected);
    else assertClose(y, expected, 'result'); // patches' tokens
    assertClose(x.grad, sameX.grad, 'gradient of x');
    assertClose(weight.grad, sameWeight.grad, 'gradient of the weight');
    assertClose(bias.grad, sameBias.grad, 'gradient of the bias');
  });
}

/** Asserts a linear layer on bfloat16, all its gradients, against float32 on the same numbers. */
function assertLinear(
  shape: readonly number[],
  width: number,
  activation: NonNullable<F.LinearOptions['activation']>,
  hasResidual: boolean,
): void {
  scope(() => {
    const half = (sizes: readonly number[]): Tensor => randn(sizes).bfloat16().detach();
    const [x, residual, dy] = [half(shape), half([shape[0] ?? 0, width]), half([shape[0] ?? 0, width])];
    const [weight, bias] = [roundedTensor(randn([width, shape[1] ?? 0])), randn([width])];
    const run = (take: (t: Tensor) => Tensor): Tensor[] => {
      const inputs = [take(x), weight, bias, ...(hasResidual ? [take(residual)] : [])].map((each) => each.detach());
      for (const each of inputs) each.requiresGrad = true;
      const [input, w, b, added] = inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
      const y = F.linear(input, w, b, { activation, ...(added && { residual: added }) });
      return [y, ...grad(y, inputs, { gradOutputs: take(dy) })];
    };
    const halves = autocast('bf16', () => run((each) => each));
    const wholes = run((each) => each.float());
    assert.deepEqual(
      halves.map(({ dtype }) => dtype),
      ['bfloat16', 'bfloat16', 'float32', 'float32', 'bfloat16'].slice(0, halves.length),
    );
    for (const [i, whole] of wholes.entries()) {
      const error = relativeError((halves[i] as Tensor).dataSync(), whole.dataSync());
      assert.ok(error < 4e-3, `${activation}, result ${i}: ${error}`); // each rounding is off by 2^-8 at most
    }
  });
}

describe('autocast', () => {
  returnsMemory();

  it('refuses a precision that is none', () => {
    assert.throws(
      // @ts-expect-error a name that the types refuse too
      () => autocast('fp8', () => 0),
      /Expected one of 'fp32', 'bf16', 'int8', 'auto' for autocast precision/,
    );
  });

  it('warns once, and computes the same, where the CPU has no bfloat16 products; auto takes fp32 there', async () => {
    const { stdout, stderr } = await runProgram('autocasts', {
      env: { VITRINE_ISA: 'scalar', VITRINE_GEMM: undefined },
    });
    const { available, reason, results, auto } = JSON.parse(stdout);
    assert.equal(available, false);
    assert.match(reason, /^Expected a CPU with AVX512_BF16 for precision 'bf16' but this one has none\.$/);
    assert.equal(stderr.match(/VitrineWarning: Expected a CPU with AVX512_BF16/g)?.length, 1);
    assert.equal(auto, 'float32');
    assert.deepEqual(results, [2, rounded(2 * rounded(1 / 3) + Math.fround(0.35)), 3]);
  });

  for (const [rows, inFeatures, outFeatures] of [
    [1, 1, 1],
    [7, 17, 5],
    [197, 64, 48],
    [301, 135, 77], // rows in two halves, factors packed for all threads
    [0, 8, 8],
    [0, 8, 197], // several panels of no rows
  ] as const) {
    it(`multiplies rounded factors and sums in float32: ${rows} x ${inFeatures} x ${outFeatures}`, () => {
      assertRoundsFactors(F.linear, [rows, inFeatures], [outFeatures, inFeatures]);
    });
  }

  for (const [batch, side, patch, width] of [
    [2, 17, 4, 48], // pixels past the last whole patch
    [1, 8, 8, 5],
    [3, 32, 2, 64],
    [2, 60, 5, 20], // more patches than fit a tile of columns, of 75 values each
    [0, 8, 4, 100],
  ] as const) {
    it(`rounds the factors of the patch embedding: ${batch} of ${side} px in patches of ${patch}, ${width} wide`, () => {
      assertRoundsFactors(F.patchEmbed, [batch, 3, side, side], [width, 3, patch, patch]);
    });
  }

  for (const [tokens, width, causal] of [
    [33, 7, false],
    [65, 64, true],
    [197, 64, false],
    [401, 20, true],
  ] as const) {
    it(`rounds the factors of attention: ${tokens} tokens of ${width}${causal ? ', causal' : ''}`, () => {
      const batch = tokens > 400 ? 1 : 2; // of few heads the queries are shared out
      for (const dtype of ['float32', 'bfloat16'] as const) {
        scope(() => {
          const qkv = randn([batch, tokens, 3 * 2 * width]).to(dtype);
          const dy = randn([batch, tokens, 2 * width]);
          const ignored = tensor(
            Int32Array.from({ length: batch * tokens }, (_, i) => (i % 5 === 3 ? 1 : 0)),
            [batch, tokens],
          );
          for (const keyPaddingMask of [undefined, ignored]) {
            const options = { causal, ...(keyPaddingMask && { keyPaddingMask }) };
            const run = (precision: Precision): ArrayLike<number>[] => {
              const x = qkv.to(precision === 'bf16' ? dtype : 'float32').detach();
              x.requiresGrad = true;
              const y = autocast(precision, () => F.attentionQkv(x, 2, options));
              y.backward(dy);
              assert.equal(y.dtype, precision === 'bf16' ? 'bfloat16' : 'float32');
              assert.equal(x.grad?.dtype, x.dtype);
              return [y.dataSync(), x.grad?.dataSync() ?? []];
            };
            const [half, whole] = [run('bf16'), run('fp32')];
            for (const [i, what] of ['result', 'gradient'].entries()) {
              const error = relativeError(half[i] ?? [], whole[i] ?? []);
              // Each factor is off by up to 2^-9, evenly spread; 2.0e-3 to 4.1e-3 in all were measured.
              assert.ok(error > 1e-4 && error < 8e-3, `${dtype} ${what}: ${error}`);
            }
          }
        });
      }
    });
  }

  it('has convolutions and matmul obey, and their gradients', () => {
    const shapes: [op: (x: Tensor, weight: Tensor) => Tensor, x: number[], weight: number[]][] = [
      [(x, w) => F.conv2d(x, w, undefined, { padding: 1 }), [2, 4, 9, 7], [6, 4, 3, 3]],
      [(x, w) => F.conv2d(x, w, undefined, { groups: 2 }), [1, 4, 5, 5], [4, 2, 1, 1]],
      [(x, w) => F.conv2d(x, w, undefined, { stride: 2 }), [2, 3, 8, 8], [5, 3, 2, 2]], // patches
      [(x, w) => F.matmul(x, w), [3, 17, 33], [33, 9]],
      [(x, w) => F.matmul(x, w, { transposeA: true, transposeB: true }), [2, 3, 65, 7], [2, 3, 5, 65]],
    ];
    for (const [op, shape, weightShape] of shapes) assertRoundsFactors(op, shape, weightShape);
  });

  it('leaves means of parts, resampled positions, rolled out attention and merged weights float32', () => {
    scope(() => {
      const [image, positions, factor] = [randn([2, 3, 7, 5]), randn([12, 8]), randn([3, 8])];
      const maps = Array.from({ length: 5 }, () => F.softmax(randn([1, 2, 6, 6])));
      const layer = new nn.Linear(8, 6);
      const branch = { A: factor, B: randn([6, 3]), scaling: 1 / 3 };
      const ops: [what: string, op: () => Tensor][] = [
        ['means of parts', () => F.adaptiveAvgPool2d(image, [3, 2])],
        ['resampled positions', () => resampleGrid(positions, [3, 4], [5, 7])],
        ['rolled out attention', () => rollOut(maps)],
        ['a merged weight', () => mergedWeight(layer, branch as never)], // all that it reads
      ];
      for (const [what, op] of ops) assertSameBits(autocast('bf16', op), op(), what);
      const ones = autocast('bf16', () => F.adaptiveAvgPool2d(F.add(image.mul(0), 1).bfloat16(), 3));
      for (const value of ones.dataSync()) assert.ok(Math.abs(value - 1) < 1e-6, `${value}`);
      layer.dispose();
    });
  });

  it('keeps scores of attention in float32 where the weights are wanted, as attention itself does', () => {
    scope(() => {
      const [q, k] = [randn([2, 3, 9, 16]), randn([2, 3, 41, 16])].map((each) => {
        const half = roundedTensor(each.mul(3)); // scores of 30 and more: a rounding of them would be a tenth
        half.requiresGrad = true;
        return half;
      }) as [Tensor, Tensor];
      const dy = randn([2, 3, 9, 41]);
      const run = (): Tensor[] => {
        const y = attentionWeights(q, k, { causal: true });
        return [y, ...grad(y, [q, k], { gradOutputs: dy })];
      };
      const [weights, ...gradients] = autocast('bf16', run) as [Tensor, ...Tensor[]];
      const [expected, ...wholes] = run() as [Tensor, ...Tensor[]];
      assertClose(weights, expected, 'weights');
      for (const [i, whole] of wholes.entries()) {
        const error = relativeError((gradients[i] as Tensor).dataSync(), whole.dataSync());
        assert.ok(error < 4e-3, `gradient ${i}: ${error}`); // of scores, rounded as a factor
      }
    });
  });

  it('gives products in the dtype that is asked for', () => {
    scope(() => {
      const [a, b] = [roundedTensor(randn([5, 33])), roundedTensor(randn([33, 7]))];
      const whole = F.matmul(a, b);
      assertClose(
        autocast('bf16', () => F.matmul(a, b, { dtype: 'float32' })),
        whole,
        'float32',
      );
      assertRoundedResult(F.matmul(a, b, { dtype: 'bfloat16' }), whole);
      assertBadInput(() => F.matmul(a, b, { dtype: 'int32' as never }), /matmul dtype/);
    });
  });

  it('divides vectors by their lengths in float32, and rounds gradients once', () => {
    scope(() => {
      const x = randn([7, 33]).bfloat16();
      const dy = unit(x.float()).add(randn([7, 33]).mul(0.01)); // nearly along x: what is left is a small difference
      const run = (of: Tensor): Tensor[] => {
        const input = of.detach();
        input.requiresGrad = true;
        const y = unit(input);
        return [y, ...grad(y, [input], { gradOutputs: dy })];
      };
      const [y, dx] = run(x) as [Tensor, Tensor];
      const [expected, whole] = run(x.float()) as [Tensor, Tensor];
      assertSameBits(y, expected, 'result');
      assert.deepEqual([...dx.dataSync()], [...whole.dataSync()].map(rounded));
    });
  });

  it('reads and gives bfloat16 in linear layers, activations and residuals included', () => {
    for (const activation of ['none', 'gelu', 'gelu_tanh', 'relu', 'tanh', 'silu', 'quick_gelu'] as const) {
      for (const hasResidual of [false, true]) assertLinear([37, 65], 41, activation, hasResidual);
    }
    assertLinear([260, 64], 96, 'gelu', true); // tiles of rows
  });

  it('gives the dtype of the residual, and float32 where it is asked to', () => {
    scope(() => {
      const [x, weight, residual] = [randn([3, 8]), randn([4, 8]), randn([3, 4])];
      const dtypeOf = (options: F.LinearOptions) =>
        autocast('bf16', () => F.linear(x, weight, undefined, options)).dtype;
      assert.equal(dtypeOf({}), 'bfloat16');
      assert.equal(dtypeOf({ residual }), 'float32');
      assert.equal(dtypeOf({ residual: residual.bfloat16() }), 'bfloat16');
      assert.equal(dtypeOf({ dtype: 'float32' }), 'float32');
      assertBadInput(() => dtypeOf({ dtype: 'bfloat16', residual }), /a bfloat16 tensor for linear residual/);
    });
  });

  it('normalises into bfloat16 where a product is next, and takes gradients of it', () => {
    scope(() => {
      const [x, weight, bias] = [randn([7, 33]), randn([33]), randn([33])].map((each) => each.detach());
      for (const each of [x, weight, bias]) if (each !== undefined) each.requiresGrad = true;
      const run = (dtype: 'float32' | 'bfloat16'): Tensor[] => {
        const y = F.layerNorm(x as Tensor, weight, bias, { dtype });
        assert.equal(y.dtype, dtype);
        return [y, ...grad(y, [x, weight, bias] as Tensor[], { gradOutputs: dy })];
      };
      const dy = roundedTensor(randn([7, 33]));
      const [half, ...halfGradients] = run('bfloat16');
      const [whole, ...gradients] = run('float32');
      assertRoundedResult(half as Tensor, whole as Tensor);
      for (const [i, gradient] of gradients.entries()) assertClose(halfGradients[i] ?? null, gradient, `gradient ${i}`);
    });
  });

  it('adds to a gradient that is there', () => {
    const weight = randn([8, 16], { requiresGrad: true });
    const x = randn([4, 16]);
    const step = (): Float32Array => {
      scope(() => {
        autocast('bf16', () => F.linear(x, weight))
          .sum()
          .backward();
      });
      return Float32Array.from(weight.grad?.dataSync() ?? []);
    };
    const once = step();
    const twice = step();
    for (const [i, value] of twice.entries()) assert.ok(Math.abs(value - 2 * (once[i] ?? NaN)) < 1e-4);
    for (const item of [weight, x]) item.dispose();
  });

  it('ends with its function, an exception included', () => {
    const x = randn([2, 3]);
    const weight = randn([4, 3]);
    assert.throws(() =>
      autocast('fp32', () => {
        throw new Error('inside');
      }),
    );
    const y = F.linear(x, weight);
    assert.deepEqual([...y.shape], [2, 4]);
    for (const item of [x, weight, y]) item.dispose();
  });
});
