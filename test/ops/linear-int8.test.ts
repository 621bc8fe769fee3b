import assert from 'node:assert/strict';
import {
  autocast,
  Capture,
  F,
  memory,
  noGrad,
  optim,
  randn,
  scope,
  type Tensor,
  Trainer,
  type TrainerOptions,
  ViT,
} from '../../lib/index.js';
import type { LinearOptions } from '../../lib/ops/linear.js';
import { assertNear, assertSameBits, fromRef, returnsMemory } from '../native-op.js';
import { type Ref, ref } from '../reference/array.js';
import { linear } from '../reference/linear.js';
import { generator, normal } from '../reference/random.js';

const inInt8 = (x: Tensor, weight: Tensor, bias?: Tensor, options?: LinearOptions): Tensor =>
  autocast('int8', () => F.linear(x, weight, bias, options));

/** Rows as whole numbers from -127 to 127 with a factor each, in float32's arithmetic. */
function quantize({ shape: [rows, width], data }: Ref): { values: number[][]; factors: number[] } {
  const values: number[][] = [];
  const factors: number[] = [];
  for (let r = 0; r < rows; r++) {
    const row = Array.from(data.slice(r * width, (r + 1) * width), Math.fround);
    const largest = Math.max(...row.map(Math.abs));
    const factor = largest === 0 ? 0 : Math.fround(127 / largest);
    factors.push(Math.fround(largest / 127));
    values.push(row.map((value) => toEven(Math.fround(value * factor))));
  }
  return { values, factors };
}

function toEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : rounded;
}

/** The product in whole numbers, to float32's last bit. */
function product(x: Ref, weight: Ref): Float32Array {
  const [a, b] = [quantize(x), quantize(weight)];
  const out = new Float32Array(a.values.length * b.values.length);
  for (const [i, row] of a.values.entries()) {
    for (const [j, column] of b.values.entries()) {
      const sum = row.reduce((total, value, k) => total + value * column[k], 0);
      const scaled = Math.fround(Math.fround(sum) * a.factors[i]);
      out[i * b.values.length + j] = Math.fround(scaled * b.factors[j]);
    }
  }
  return out;
}

describe('linear in 8 bits', () => {
  returnsMemory();

  for (const [rows, features, out] of [
    [1, 1, 1],
    [1, 7, 17],
    [3, 33, 50],
    [7, 65, 49],
    [33, 130, 97],
    [50, 64, 33],
    [37, 771, 19],
  ] satisfies [number, number, number][]) {
    it(`is the sum of whole numbers, bit for bit (${rows},${features}) by (${out},${features})`, () =>
      scope(() => {
        const random = generator(rows + features);
        const [x, weight] = [normal([rows, features], random), normal([out, features], random, 3)];
        const expected = product(x, weight);
        for (let i = 0; i < 3; i++) {
          assert.deepEqual(inInt8(fromRef(x), fromRef(weight)).dataSync(), expected);
        }
      }));
  }

  it('takes the largest factors, of either sign, without saturating', () =>
    scope(() => {
      const [rows, features, out] = [5, 1027, 35];
      const side = (count: number, sign: number) =>
        ref(
          [count, features],
          Float64Array.from({ length: count * features }, (_, i) => (i % 3 === 0 ? sign : -sign)),
        );
      for (const sign of [1, -1]) {
        const [x, weight] = [side(rows, 1), side(out, sign)];
        assert.deepEqual(inInt8(fromRef(x), fromRef(weight)).dataSync(), product(x, weight));
      }
    }));

  it('is near the product of float32, with bias, activation and residual', () =>
    scope(() => {
      const random = generator(3);
      const [x, weight] = [normal([197, 256], random), normal([131, 256], random, 1 / 16)];
      const [bias, residual] = [normal([131], random), normal([197, 131], random)];
      const options = { activation: 'gelu', residual: fromRef(residual) } as const;
      const y = inInt8(fromRef(x), fromRef(weight), fromRef(bias), options);
      assertNear(y, linear(x, weight, { bias, activation: 'gelu', residual }), 'result', 0.01);
      const plain = inInt8(fromRef(x), fromRef(weight));
      const biased = F.add(F.gelu(F.add(plain, fromRef(bias))), fromRef(residual));
      assertNear(y, { shape: biased.shape, data: biased.dataSync() }, 'result', 1e-6);
    }));

  it('gives zeros for a row of zeros, NaN for one that is not finite, and the bias where there is nothing to sum', () =>
    scope(() => {
      const weight = randn([4, 3]);
      const x = F.cat([randn([1, 3]).fill_(0), randn([1, 3]).fill_(Number.POSITIVE_INFINITY), randn([1, 3])], 0);
      const rows = inInt8(x, weight).dataSync();
      assert.deepEqual([...rows.subarray(0, 4)], [0, 0, 0, 0]);
      assert.ok(rows.subarray(4, 8).every(Number.isNaN));
      assert.ok(rows.subarray(8).every(Number.isFinite));
      const bias = randn([4]);
      assert.deepEqual(inInt8(randn([1, 0]), randn([4, 0]), bias).dataSync(), bias.dataSync());
      assert.equal(inInt8(randn([0, 3]), weight).size, 0);
    }));

  it('keeps the weight in 8 bits, and follows it when it is written', () => {
    const [x, weight] = [randn([5, 64]), randn([32, 64])];
    scope(() => {
      const before = memory().packed;
      const first = inInt8(x, weight);
      const kept = memory().packed - before;
      assert.ok(kept > 0 && kept < (weight.size * 4) / 2, `${kept} bytes`);
      weight.mul_(-2);
      assert.equal(memory().packed, before);
      assertSameBits(inInt8(x, weight), F.mul(first, -2), 'of the new weight');
    });
    const captured = new Capture(() => scope(() => inInt8(x, weight.mul_(2))));
    captured.replay();
    scope(() => assertSameBits(captured.result, inInt8(x, weight), 'a replay that writes the weight itself'));
    captured.dispose();
    for (const tensor of [x, weight, captured.result]) tensor.dispose();
  });

  it('refuses to be recorded, and more features than its sums hold', () =>
    scope(() => {
      const weight = randn([2, 3], { requiresGrad: true });
      assert.throws(() => inInt8(randn([1, 3]), weight), /^Error: Expected no gradient of linear in precision 'int8'/);
      assert.equal(noGrad(() => inInt8(randn([1, 3]), weight)).size, 2);
      assert.throws(() => inInt8(randn([1, 70_000]), randn([1, 70_000])), /at most 65536 features .*\(1,70000\)/);
    }));

  it('is not for training', () => {
    const model = new ViT({ imgSize: 8, patchSize: 4, numClasses: 2, embedDim: 8, depth: 1, numHeads: 2 });
    const train = { images: new Float32Array(3 * 64), labels: new Int32Array(1), imageShape: [3, 8, 8] };
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const precision = 'int8' as 'bf16';
    assert.throws(
      () => new Trainer({ model, optimizer, train, precision, batchSize: 1, epochs: 1 } as unknown as TrainerOptions),
      /^TypeError: Expected 'fp32', 'bf16' or 'auto' for Trainer precision but received 'int8'/,
    );
    optimizer.dispose();
    model.dispose();
  });

  it('gives a ViT logits that go along with those of float32', () => {
    const model = new ViT({ imgSize: 32, patchSize: 8, numClasses: 100, embedDim: 96, depth: 4, numHeads: 3 });
    model.eval();
    scope(() => {
      const images = randn([4, 3, 32, 32]);
      const run = () => noGrad(() => model.forward(images)).dataSync();
      const [exact, rounded] = [run(), autocast('int8', run)];
      assert.ok(correlation(exact, rounded) > 0.999, `${correlation(exact, rounded)}`);
      assert.notDeepEqual(exact, rounded);
    });
    model.dispose();
  });
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [Array.from(a), Array.from(b)];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const dot = (p: readonly number[], mp: number, q: readonly number[], mq: number) =>
    p.reduce((sum, value, i) => sum + (value - mp) * (q[i] - mq), 0);
  return dot(x, mx, y, my) / Math.sqrt(dot(x, mx, x, mx) * dot(y, my, y, my));
}
