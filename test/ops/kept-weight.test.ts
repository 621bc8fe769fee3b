import assert from 'node:assert/strict';
import {
  autocast,
  Capture,
  emptyCache,
  F,
  info,
  memory,
  noGrad,
  optim,
  randn,
  scope,
  type Tensor,
  untracked,
  zeros,
} from '../../lib/index.js';
import { assertNear, assertSameBits, fromRef, returnsMemory } from '../native-op.js';
import { linear } from '../reference/linear.js';
import { generator, normal } from '../reference/random.js';

/** x (rows,in), weight (out,in) and bias (out) of no round sizes. */
function operands(rows = 197, out = 301, features = 403) {
  const random = generator(rows);
  const [x, weight, bias] = [
    normal([rows, features], random),
    normal([out, features], random, 0.05),
    normal([out], random),
  ];
  return { x: fromRef(x), weight: fromRef(weight), bias: fromRef(bias), y: linear(x, weight, { bias }) };
}

const packed = (): number => memory().packed;

describe('a weight kept packed', () => {
  before(function () {
    if (info().blas.name !== 'own kernels') this.skip(); // a library reads weights as they lie
  });
  returnsMemory();
  beforeEach(emptyCache);

  // Halves of the rows are cut into tiles of unequal rows, which scratch must hold: 207 rows of 384 features once did not fit.
  for (const precision of ['fp32', 'bf16'] as const) {
    it(`gives any number of rows of an image the same bits, ${precision}`, () =>
      scope(() =>
        noGrad(() =>
          autocast(precision, () => {
            const [x, weight] = [randn([256, 384]), randn([384, 384])];
            const all = F.linear(x, weight);
            for (let rows = 12; rows <= 256; rows += 3) {
              scope(() => assertSameBits(F.linear(x.slice(0, 0, rows), weight), all.slice(0, 0, rows), `${rows} rows`));
            }
          }),
        ),
      ));
  }

  for (const [rows, out, features] of [
    [12, 64, 1025],
    [100, 49, 777],
    [197, 301, 403],
    [261, 611, 211], // cut for more than 16 threads, and by rows
    [1031, 97, 130],
  ] satisfies [number, number, number][]) {
    it(`gives the bits of one packed in passing, and the reference’s numbers (${rows},${features}) by (${out},${features})`, () =>
      scope(() => {
        const { x, weight, bias, y } = operands(rows, out, features);
        const before = packed();
        const passing = F.linear(x, weight, bias);
        assert.equal(packed(), before, 'what is read once is not kept');
        const kept = F.linear(x, weight, bias);
        assert.ok(packed() - before >= weight.size * 4, 'it is kept, and counted');
        assertSameBits(kept, passing, 'result');
        assertNear(kept, y, 'result', 1e-5);
        assertSameBits(F.linear(x, weight, bias), passing, 'result once more');
        const residual = randn(passing.shape);
        const fused = F.linear(x, weight, bias, { activation: 'gelu', residual });
        assertSameBits(fused, F.add(F.gelu(passing), residual), 'with all that a layer does besides');
      }));
  }

  it('is kept as bfloat16 beside float32 where products are of that', function () {
    if (!info().bf16.available) this.skip();
    scope(() => {
      const { x, weight } = operands();
      const run = () => F.linear(x, weight);
      const half = () => autocast('bf16', run);
      const [exact, rounded] = [run(), half()];
      assertSameBits(half(), rounded, 'bfloat16');
      const once = packed();
      assertSameBits(run(), exact, 'float32');
      assert.ok(packed() > 2.5 * once, 'half as large, and both are there');
      assertSameBits(half(), rounded, 'bfloat16 again');
    });
  });

  it('is of one shape: another of the same memory is packed for itself', () =>
    scope(() => {
      const { x, weight } = operands(100, 128, 256);
      const other = weight.reshape([256, 128]);
      const across = randn([100, 128]);
      const passing = F.linear(across, other.clone());
      for (let i = 0; i < 3; i++) F.linear(x, weight);
      for (let i = 0; i < 3; i++) assertSameBits(F.linear(across, other), passing, 'the other shape');
    }));

  it('serves the patch embedding', () =>
    scope(() => {
      const [image, weight] = [randn([1, 3, 112, 112]), randn([70, 3, 8, 8])];
      const passing = F.patchEmbed(image, weight);
      const before = packed();
      assertSameBits(F.patchEmbed(image, weight), passing, 'tokens');
      assert.ok(packed() > before);
    }));

  for (const [how, change] of [
    ['set', (weight: Tensor) => weight.set(new Float32Array(weight.size).fill(0.5))],
    ['an op in place', (weight: Tensor) => weight.mul_(0.5)],
    ['an op in place on another shape of it', (weight: Tensor) => F.flatten(weight).mul_(0.5)],
    [
      'an optimizer',
      (weight: Tensor) => {
        weight.requiresGrad = true;
        weight.grad = untracked(() => zeros(weight.shape));
        const optimizer = new optim.SGD([weight], { lr: 0.1, weightDecay: 1 });
        optimizer.step();
        optimizer.dispose();
      },
    ],
  ] satisfies [string, (weight: Tensor) => unknown][]) {
    it(`is let go of when the weight is written: ${how}`, () =>
      noGrad(() =>
        scope(() => {
          const { x, weight } = operands();
          const run = () => F.linear(x, weight);
          const first = run();
          run();
          const before = packed();
          scope(() => {
            change(weight);
          });
          assert.ok(packed() < before);
          const after = run();
          assert.notDeepEqual(after.dataSync(), first.dataSync());
          for (let i = 0; i < 2; i++) assertSameBits(run(), after, 'of what the weight is now');
        }),
      ));
  }

  it('is not kept in training, nor for a checkpoint’s first pass', () =>
    scope(() => {
      const { x, weight } = operands();
      weight.requiresGrad = true;
      const before = packed();
      for (let i = 0; i < 3; i++) F.sum(F.linear(x, weight)).backward();
      for (let i = 0; i < 3; i++) F.sum(F.checkpoint((input: Tensor) => F.linear(input, weight), x)).backward();
      assert.equal(packed(), before);
    }));

  it('goes with its weight, and with emptyCache', () => {
    const { x, weight, bias } = operands();
    const before = memory();
    const twice = () => scope(() => [F.linear(x, weight), F.linear(x, weight)].length);
    twice();
    emptyCache();
    assert.equal(memory().live, before.live);
    twice();
    assert.ok(memory().live > before.live, 'kept again');
    for (const tensor of [x, weight, bias]) tensor.dispose();
    assert.equal(packed(), before.packed);
  });

  it('follows the weight in what was captured, and lives as long', () => {
    const { x, weight, bias } = operands();
    const run = () => scope(() => F.linear(x, weight));
    run().dispose();
    const before = packed();
    const captured = new Capture(run);
    assert.ok(packed() > before, 'a capture’s ops read it packed');
    scope(() => {
      for (const factor of [0.5, -2, 3]) {
        weight.mul_(factor);
        emptyCache();
        captured.replay();
        assertSameBits(captured.result, F.linear(x, weight), 'a replay');
      }
    });
    captured.dispose();
    for (const tensor of [captured.result, x, weight, bias]) tensor.dispose();
    assert.equal(packed(), before);
  });

  it('is not made of what each replay writes anew', () => {
    const { x, weight, bias } = operands();
    const run = () =>
      scope(() => {
        const made = F.mul(weight, 2);
        const twice = [F.linear(x, made), F.linear(x, made)];
        weight.mul_(0.5);
        return [...twice, F.linear(x, weight), F.linear(x, weight)];
      });
    const captured = new Capture(run);
    captured.replay();
    scope(() => {
      const now = F.linear(x, weight);
      const [a, b, c, d] = captured.result as [Tensor, Tensor, Tensor, Tensor];
      for (const result of [c, d]) assertSameBits(result, now, 'of the weight as the replay leaves it');
      for (const result of [a, b]) assertNear(result, { shape: now.shape, data: F.mul(now, 4).dataSync() }, 'before');
    });
    captured.dispose();
    for (const tensor of [...captured.result, x, weight, bias]) tensor.dispose();
  });
});
