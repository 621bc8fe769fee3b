import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  autocast,
  F,
  grad,
  io,
  ModelEma,
  memory,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  scope,
  synchronize,
  type Tensor,
  tensor,
  zeros,
} from '../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';
import { rounded } from './rounded.js';

const NUMBERS = [0, -0, 1, -1, 1 / 3, 1e30, -1e-30, 3.4e38, Infinity, -Infinity, NaN, 1.00390625, 1.01171875, 257];

/** A number and the nearest of bfloat16, by the definition: no other is nearer, and of two the even one. */
function isNearest(value: number, half: number): boolean {
  if (Number.isNaN(value)) return Number.isNaN(half);
  const float = Math.fround(value);
  const step = 2 ** (Math.floor(Math.log2(Math.abs(float) || 1)) - 7);
  return Object.is(float, half) || Math.abs(half - float) <= step / 2;
}

describe('bfloat16', () => {
  returnsMemory();

  it('is a dtype of two bytes', () => {
    scope(() => {
      synchronize();
      const before = memory().live;
      const x = zeros([1024, 1024], { dtype: 'bfloat16' });
      assert.equal(x.dtype, 'bfloat16');
      assert.equal(memory().live - before, 2 * 1024 * 1024);
    });
  });

  it('rounds to the nearest, to even of two, wherever it comes from', () => {
    scope(() => {
      const given = tensor(NUMBERS, undefined, { dtype: 'bfloat16' });
      const cast = tensor(NUMBERS).bfloat16();
      const set = zeros([NUMBERS.length], { dtype: 'bfloat16' }).set(NUMBERS);
      const values = [...given.dataSync()];
      assert.deepEqual([...cast.dataSync()], values);
      assert.deepEqual([...set.dataSync()], values);
      for (const [i, value] of values.entries()) {
        assert.ok(isNearest(NUMBERS[i] ?? NaN, value) || !Number.isFinite(value), `${NUMBERS[i]} as ${value}`);
      }
      assert.deepEqual(values.slice(11, 13), [1, 1.015625]); // halfway: to even
      assert.equal(values[13], 256);
    });
  });

  it('is read as Float32Array, printed, and widened without a change', async () => {
    const x = tensor([1.5, -2, 1 / 3], undefined, { dtype: 'bfloat16' });
    const data = await x.data();
    assert.ok(data instanceof Float32Array);
    assert.deepEqual([...data], [1.5, -2, rounded(1 / 3)]);
    synchronize(); // printing waits for nothing
    assert.match(inspect(x), /bfloat16 \(3\).*1\.5, -2, 0\.33398/s);
    scope(() => {
      assert.deepEqual([...x.float().dataSync()], [...data]);
      assert.deepEqual([...x.to('int32').dataSync()], [1, -2, 0]);
      assert.deepEqual(x.tolistSync(), [...data]);
    });
    x.dispose();
  });

  it('goes through ops that know float32 alone', () => {
    scope(() => {
      const values = [0.5, 1.25, -3, 2];
      const x = tensor(values, [2, 2], { dtype: 'bfloat16' });
      const same = tensor(values, [2, 2]);
      const ops: ((t: Tensor) => Tensor)[] = [
        (t) => t.exp(),
        (t) => F.softmax(t),
        (t) => t.sum({ dim: 1 }),
        (t) => F.layerNorm(t),
        (t) => t.amax({ dim: 0 }),
        (t) => F.where(t.gt(0), t, 0),
        (t) => t.indexSelect(0, tensor(Int32Array.of(1, 0))),
      ];
      for (const [i, op] of ops.entries()) {
        assertSameBits(op(x).float(), op(same), `op ${i}`);
      }
    });
  });

  it('rounds once what a number is added to or multiplied by, the number itself not at all', () => {
    scope(() => {
      const x = randn([65]).bfloat16().detach();
      const ops: [name: string, op: (t: Tensor) => Tensor][] = [
        ['add', (t) => t.add(0.1)],
        ['sub', (t) => t.sub(0.1)],
        ['mul', (t) => t.mul(1 / 3)],
        ['div', (t) => t.div(0.3)],
        ['maximum', (t) => F.maximum(t, 0.1)],
        ['minimum', (t) => F.minimum(t, 1 / 3)],
        ['add_', (t) => t.clone().add_(0.1)],
        ['sub_', (t) => t.clone().sub_(0.1)],
        ['mul_', (t) => t.clone().mul_(1 / 3)],
        ['div_', (t) => t.clone().div_(0.3)],
      ];
      for (const [name, op] of ops) {
        const run = (of: Tensor): [Tensor, Tensor] => {
          const input = of.detach();
          input.requiresGrad = true;
          const y = op(input);
          return [y, ...(grad(y.float().sum(), [input]) as [Tensor])];
        };
        const [half, whole] = [run(x), run(x.float())];
        for (const [i, each] of half.entries()) {
          assert.equal(each.dtype, 'bfloat16', name);
          assert.deepEqual([...each.dataSync()], [...(whole[i] as Tensor).dataSync()].map(rounded), `${name}, ${i}`);
        }
      }
    });
  });

  it('leaves a linear layer’s weight as it is where products are float32', () => {
    scope(() => {
      const [x, weight, bias, residual] = [randn([3, 5, 33]).bfloat16(), randn([7, 33]), randn([7]), randn([3, 5, 7])];
      for (const options of [{}, { activation: 'gelu' }, { residual }] as const) {
        const run = (of: Tensor): Tensor[] => {
          const [input, factor] = [of, weight].map((each) => each.detach()) as [Tensor, Tensor];
          for (const each of [input, factor]) each.requiresGrad = true;
          const y = F.linear(input, factor, bias, options);
          return [y, ...grad(y.mul(y).sum(), [factor, input])];
        };
        const [y, dweight, dx] = run(x) as [Tensor, Tensor, Tensor];
        const [expected, ofWeight, ofInput] = run(x.float()) as [Tensor, Tensor, Tensor];
        assertSameBits(y, expected, 'result');
        assertSameBits(dweight, ofWeight, 'gradient of the weight');
        assert.deepEqual([...dx.dataSync()], [...ofInput.dataSync()].map(rounded));
      }
    });
  });

  it('goes through the parts of families of models, and gradients come back', () => {
    scope(() => {
      const half = (shape: number[]): Tensor => randn(shape).bfloat16().detach();
      const [cos, sin, table] = [randn([5, 2]), randn([5, 2]), randn([9, 2])];
      const cases: [name: string, x: Tensor, op: (t: Tensor) => Tensor][] = [
        ['swiglu', half([3, 8]), F.swiglu],
        ['rotaryEmbedding', half([2, 3, 5, 4]), (t) => F.rotaryEmbedding(t, cos, sin)],
        [
          'windowAttention',
          half([1, 4, 4, 12]),
          (t) => F.windowAttention(t, table, { windowSize: [2, 2], shift: [1, 1] }),
        ],
        ['attentionQkv', half([2, 40, 12]), (t) => F.attentionQkv(t, 2)],
      ];
      for (const [name, x, op] of cases) {
        const run = (of: Tensor): [Tensor, Tensor] => {
          const input = of.detach();
          input.requiresGrad = true;
          const y = op(input);
          return [y, ...(grad(y.mul(y).sum(), [input]) as [Tensor])];
        };
        const [[y, dx], [expected, wide]] = [run(x), run(x.float())];
        assertSameBits(y.float(), expected, name);
        assert.equal(dx.dtype, 'bfloat16');
        assert.deepEqual([...dx.dataSync()], [...wide.dataSync()].map(rounded), `gradient of ${name}`);
      }
    });
  });

  it('is multiplied in 8 bits, both factors, as the same numbers in float32', () => {
    scope(() => {
      const [x, weight] = [randn([5, 24]), randn([7, 24])].map((each) => each.bfloat16().detach()) as [Tensor, Tensor];
      const run = (a: Tensor, b: Tensor): Tensor => noGrad(() => autocast('int8', () => F.linear(a, b)));
      const expected = run(x.float(), weight.float());
      for (let i = 0; i < 3; i++) assertSameBits(run(x, weight), expected, 'result');
      const bf16 = autocast('int8', () => noGrad(() => F.linear(x, weight, undefined, { dtype: 'bfloat16' })));
      assert.deepEqual([...bf16.dataSync()], [...expected.dataSync()].map(rounded));
    });
  });

  it('stays bfloat16 where elements move, and in arithmetic with its kind', () => {
    scope(() => {
      const x = tensor([1, 2, 3, 4, 5, 6], [2, 3], { dtype: 'bfloat16' });
      const kept = [
        x.transpose(0, 1),
        x.reshape([6]),
        x.slice(1, 0, 2),
        F.cat([x, x], 0),
        x.add(1),
        x.mul(x),
        F.gelu(x),
      ];
      for (const y of kept) assert.equal(y.dtype, 'bfloat16');
      assert.deepEqual([...x.transpose(0, 1).dataSync()], [1, 4, 2, 5, 3, 6]);
      assert.deepEqual([...x.mul(x).dataSync()], [1, 4, 9, 16, 25, 36]);
      const wide = ones([2, 3]);
      for (const y of [x.add(wide), F.cat([wide, x], 0), F.cat([x, wide], 0)]) assert.equal(y.dtype, 'float32');
    });
  });

  it('has gradients of its kind, and gives others theirs', () => {
    scope(() => {
      const x = tensor([1, 2, 3], undefined, { dtype: 'bfloat16', requiresGrad: true });
      const weight = tensor([0.1, 0.2, 0.3], undefined, { requiresGrad: true });
      x.mul(weight).sum().backward();
      assert.equal(x.grad?.dtype, 'bfloat16');
      assert.deepEqual([...(x.grad?.dataSync() ?? [])], [0.1, 0.2, 0.3].map(rounded));
      assert.equal(weight.grad?.dtype, 'float32');
      assert.deepEqual([...(weight.grad?.dataSync() ?? [])], [1, 2, 3]);
    });
  });

  it('passes gradients through conversions', () => {
    scope(() => {
      const x = tensor([1 / 3, 2], undefined, { requiresGrad: true });
      const half = x.bfloat16();
      assert.deepEqual(half.requiresGrad, true);
      const [dx] = grad(
        half
          .float()
          .mul(tensor([1 / 3, 1]))
          .sum(),
        [x],
      );
      assert.equal(dx?.dtype, 'float32');
      assert.deepEqual([...(dx?.dataSync() ?? [])], [rounded(1 / 3), 1]); // it came through bfloat16
    });
  });

  it('is saved as BF16, byte for byte', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitrine-bfloat16-'));
    try {
      const path = join(folder, 'half.safetensors');
      const x = tensor([1 / 3, -2, 1e30], [3], { dtype: 'bfloat16' });
      await io.saveSafetensors(path, new Map([['x', x]]));
      assert.match(readFileSync(path, 'latin1'), /"x":\{"dtype":"BF16","shape":\[3\],"data_offsets":\[0,6\]\}/);
      const loaded = (await io.loadSafetensors(path)).get('x');
      assert.deepEqual(loaded?.dataSync(), x.dataSync());
      for (const each of [x, loaded]) each?.dispose();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is refused by optimizers, clipping and averages of weights', () => {
    scope(() => {
      const x = tensor([1], undefined, { dtype: 'bfloat16', requiresGrad: true });
      assertBadInput(() => new optim.SGD([x], { lr: 1 }), /a float32 tensor .*bfloat16/);
      x.sum().backward();
      for (const clip of [optim.clipGradNorm, optim.clipGradValue]) {
        assertBadInput(() => clip([x], 1), /a gradient of float32 for clipping but received .*bfloat16/);
      }
      class Half extends nn.Module {
        readonly weight = x;
      }
      assertBadInput(() => new ModelEma(new Half()), /a model of float32 for ModelEma .*bfloat16.*weight/);
    });
  });

  it('is changed in place', () => {
    scope(() => {
      const x = tensor([1, 2], undefined, { dtype: 'bfloat16' });
      x.add_(x)
        .mul_(1 / 3)
        .add_(tensor([0, 1]));
      assert.deepEqual([...x.dataSync()], [rounded(rounded(2 / 3)), rounded(rounded(4 / 3) + 1)]);
      assert.deepEqual([...x.fill_(0.1).dataSync()], [rounded(0.1), rounded(0.1)]);
      assert.deepEqual([...x.copy_(tensor([3, 1 / 3])).dataSync()], [3, rounded(1 / 3)]);
    });
  });
});
