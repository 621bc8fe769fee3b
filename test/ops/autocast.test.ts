import assert from 'node:assert/strict';
import { autocast, F, info, type Precision, randn, scope, type Tensor, tensor } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { runProgram } from '../runtime/run-program.js';

/** A float32 rounded to bfloat16, to nearest, ties to even. */
function rounded(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const word = bits[0] ?? 0;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? NaN;
}

function roundedTensor(x: Tensor): Tensor {
  return tensor(Float32Array.from(x.dataSync(), rounded), x.shape, { requiresGrad: x.requiresGrad });
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
  op: (x: Tensor, weight: Tensor, bias: Tensor) => Tensor,
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
    assertClose(y, expected, 'result');
    assertClose(x.grad, sameX.grad, 'gradient of x');
    assertClose(weight.grad, sameWeight.grad, 'gradient of the weight');
    assertClose(bias.grad, sameBias.grad, 'gradient of the bias');
  });
}

describe('autocast', () => {
  returnsMemory();

  it('refuses a precision that is none', () => {
    // @ts-expect-error a name that the types refuse too
    assert.throws(() => autocast('fp8', () => 0), /Expected one of 'fp32', 'bf16', 'int8' for autocast precision/);
  });

  it('refuses bf16 where it cannot be had, with the reason that info() gives', async () => {
    const { stdout, stderr } = await runProgram('autocasts', {
      env: { VITRINE_ISA: 'scalar', VITRINE_GEMM: undefined },
    });
    const { available, reason, thrown } = JSON.parse(stdout);
    assert.deepEqual([available, stderr], [false, '']);
    assert.match(reason, /^Expected a CPU with AVX512_BF16 .* Use precision: 'fp32'\.$/);
    assert.equal(thrown, reason);
  });

  for (const [rows, inFeatures, outFeatures] of [
    [1, 1, 1],
    [7, 17, 5],
    [197, 64, 48],
    [301, 135, 77], // rows in two halves, factors packed for all threads
    [0, 8, 8],
    [0, 8, 197], // several panels of no rows
  ] as const) {
    it(`multiplies rounded factors and sums in float32: ${rows} x ${inFeatures} x ${outFeatures}`, function () {
      if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products
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
    it(`rounds the factors of the patch embedding: ${batch} of ${side} px in patches of ${patch}, ${width} wide`, function () {
      if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products
      assertRoundsFactors(F.patchEmbed, [batch, 3, side, side], [width, 3, patch, patch]);
    });
  }

  for (const [tokens, width, causal] of [
    [33, 7, false],
    [65, 64, true],
    [197, 64, false],
    [401, 20, true],
  ] as const) {
    it(`rounds the factors of attention: ${tokens} tokens of ${width}${causal ? ', causal' : ''}`, function () {
      if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products
      scope(() => {
        const qkv = randn([2, tokens, 3 * 2 * width]);
        const dy = randn([2, tokens, 2 * width]);
        const ignored = tensor(
          Int32Array.from({ length: 2 * tokens }, (_, i) => (i % 5 === 3 ? 1 : 0)),
          [2, tokens],
        );
        for (const keyPaddingMask of [undefined, ignored]) {
          const options = { causal, ...(keyPaddingMask && { keyPaddingMask }) };
          const run = (precision: Precision): ArrayLike<number>[] => {
            const x = tensor(qkv.dataSync(), qkv.shape, { requiresGrad: true });
            const y = autocast(precision, () => F.attentionQkv(x, 2, options));
            y.backward(dy);
            return [y.dataSync(), x.grad?.dataSync() ?? []];
          };
          const [half, whole] = [run('bf16'), run('fp32')];
          for (const [i, what] of ['result', 'gradient'].entries()) {
            const error = relativeError(half[i] ?? [], whole[i] ?? []);
            // Each factor is off by up to 2^-9, evenly spread; 2.0e-3 to 4.1e-3 in all were measured.
            assert.ok(error > 1e-4 && error < 8e-3, `${what}: ${error}`);
          }
        }
      });
    });
  }

  it('adds to a gradient that is there', function () {
    if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products
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
