import assert from 'node:assert/strict';
import {
  autocast,
  manualSeed,
  nn,
  noGrad,
  optim,
  randn,
  scope,
  type Tensor,
  Trainer,
  type ViT,
} from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { assertBadInput, assertNear, assertSameBits, returnsMemory, valuesOf } from '../native-op.js';
import { parameterHash, textures, tinyViT } from '../train/tiny-problem.js';

/** Gives what adapters add a size of its own: they begin with nothing. */
function drawB(lora: nn.Lora): nn.Lora {
  for (const { lora: branch } of lora.layers.values()) if (branch !== undefined) nn.init.normal(branch.B, 0, 0.3);
  return lora;
}

/** Compares with numbers of float64. */
function near(actual: Tensor | null, data: readonly number[], what: string): void {
  assertNear(actual, { data, shape: actual?.shape ?? [] }, what);
}

const trainable = (model: nn.Module): string[] =>
  [...model.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad).map(([name]) => name);

describe('LoRA', () => {
  returnsMemory();

  it('adds scaling * B A to a weight: results and gradients of float64', () => {
    manualSeed(3);
    using layer = new nn.Linear(5, 4);
    const [rank, alpha] = [2, 3];
    drawB(nn.applyLora(layer, { rank, alpha, targets: /^$/ }));
    scope(() => {
      const x = randn([3, 5], { requiresGrad: true });
      const dy = randn([3, 4]);
      const y = layer.forward(x);
      y.backward(dy);
      const { A, B } = layer.lora ?? assert.fail();
      const [xs, dys, ws, bs, as, us] = [x, dy, layer.weight, layer.bias ?? assert.fail(), A, B].map((t) => [
        ...t.dataSync(),
      ]);
      const s = alpha / rank;
      const sum = (n: number, f: (i: number) => number): number =>
        Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b, 0);
      const grid = (rows: number, columns: number, f: (r: number, c: number) => number): number[] =>
        Array.from({ length: rows * columns }, (_, i) => f(Math.floor(i / columns), i % columns));
      const whole = grid(4, 5, (o, c) => ws[5 * o + c] + s * sum(rank, (r) => us[rank * o + r] * as[5 * r + c]));
      near(
        y,
        grid(3, 4, (n, o) => bs[o] + sum(5, (c) => xs[5 * n + c] * whole[5 * o + c])),
        'y',
      );
      near(
        x.grad,
        grid(3, 5, (n, c) => sum(4, (o) => dys[4 * n + o] * whole[5 * o + c])),
        'dx',
      );
      const dwhole = grid(4, 5, (o, c) => sum(3, (n) => dys[4 * n + o] * xs[5 * n + c]));
      near(
        A.grad,
        grid(rank, 5, (r, c) => s * sum(4, (o) => us[rank * o + r] * dwhole[5 * o + c])),
        'dA',
      );
      near(
        B.grad,
        grid(4, rank, (o, r) => s * sum(5, (c) => dwhole[5 * o + c] * as[5 * r + c])),
        'dB',
      );
      assert.equal(layer.weight.grad, null);
    });
  });

  it('begins as the model was, whatever the layer does besides', () => {
    using layer = new nn.Linear(6, 5);
    scope(() => {
      const x = randn([2, 6]);
      const residual = randn([2, 5]);
      const cases = [{}, { residual }, { activation: 'gelu' }, { activation: 'relu', residual }] as const;
      const half = [...cases, { activation: 'gelu', dtype: 'float32' }, { dtype: 'float32' }] as const;
      const dtypes = () => autocast('bf16', () => half.map((options) => layer.forward(x, options).dtype));
      const before = cases.map((options) => layer.forward(x, options));
      const dtypesBefore = dtypes();
      nn.applyLora(layer, { targets: /^$/ });
      assert.deepEqual(dtypes(), dtypesBefore);
      for (const [i, options] of cases.entries())
        assertNear(layer.forward(x, options), valuesOf(before[i]), `case ${i}`);
      assertBadInput(() => layer.forward(x, { activation: 'swish' as never }), /linear activation/);
      assertBadInput(() => layer.forward(x, { activations: 'gelu' } as never), /Did you mean activation/);
    });
  });

  it('trains adapters and head alone, by the ends of names', () => {
    using model = tinyViT();
    const lora = nn.applyLora(model, { rank: 2, targets: ['qkv', 'blocks.1.mlp.fc?'] });
    assert.deepEqual(
      [...lora.layers.keys()],
      ['blocks.0.attn.qkv', 'blocks.1.attn.qkv', 'blocks.1.mlp.fc1', 'blocks.1.mlp.fc2'],
    );
    assert.deepEqual(lora.modulesToSave, ['head']);
    const adapters = [...lora.layers.keys()].flatMap((name) => [`${name}.lora.A`, `${name}.lora.B`]);
    assert.deepEqual(trainable(model).sort(), [...adapters, 'head.weight', 'head.bias'].sort());
    assert.deepEqual(model.namedParameters().get('blocks.0.attn.qkv.lora.A')?.shape, [2, 16]);
  });

  it("takes 'all-linear', a RegExp, and other modules as a whole", () => {
    using all = tinyViT();
    assert.equal(nn.applyLora(all, { targets: 'all-linear' }).layers.size, 8);
    using some = tinyViT();
    const lora = nn.applyLora(some, { targets: /^blocks\.1.*fc1$/g, modulesToSave: ['norm', 'blocks.0.norm2'] });
    assert.deepEqual([...lora.layers.keys()], ['blocks.1.mlp.fc1']);
    assert.deepEqual(
      trainable(some).filter((name) => !name.includes('lora')),
      ['blocks.0.norm2.weight', 'blocks.0.norm2.bias', 'norm.weight', 'norm.bias'],
    );
  });

  it('scales by the root of the rank where asked to', () => {
    using model = tinyViT();
    const { layers } = nn.applyLora(model, { rank: 4, alpha: 8, useRslora: true });
    assert.deepEqual(
      [...layers.values()].map(({ lora }) => lora?.scaling),
      [4, 4],
    );
  });

  it('drops inputs of the branch in training only', () => {
    manualSeed(0);
    using layer = new nn.Linear(8, 8);
    drawB(nn.applyLora(layer, { dropout: 0.5, targets: /^$/ }));
    scope(() => {
      const x = randn([4, 8]);
      assert.notDeepEqual(layer.forward(x).dataSync(), layer.forward(x).dataSync());
      layer.eval();
      assertSameBits(layer.forward(x), layer.forward(x), 'evaluation');
    });
  });

  it('merges into weights and takes that back to the bit', () => {
    using model = tinyViT();
    model.eval();
    const lora = drawB(nn.applyLora(model, { targets: 'all-linear' }));
    const before = parameterHash(model);
    scope(() => {
      const x = randn([3, 1, 8, 8]);
      const adapted = noGrad(() => model.forward(x));
      assert.equal(lora.merge().isMerged, true);
      assert.deepEqual(lora.merge().isMerged, true);
      assert.ok([...model.stateDict().keys()].every((name) => !name.includes('lora')));
      assertNear(
        noGrad(() => model.forward(x)),
        valuesOf(adapted),
        'merged',
        1e-5,
      );
      assert.equal(lora.unmerge().isMerged, false);
      assert.equal(parameterHash(model), before);
      assertSameBits(
        noGrad(() => model.forward(x)),
        adapted,
        'unmerged',
      );
    });
  });

  it('does not take back a merge of weights that were changed since', () => {
    using model = tinyViT();
    const lora = nn.applyLora(model).merge();
    const { weight } = model.blocks.at(0).attn.qkv;
    weight.set(weight.dataSync());
    assertBadInput(() => lora.unmerge(), /weights as merge\(\) left them .+blocks\.0\.attn\.qkv\.weight changed since/);
    lora.unload();
  });

  it('goes without a trace when it is unloaded', () => {
    using model = tinyViT();
    const before = parameterHash(model);
    drawB(nn.applyLora(model)).unload();
    assert.equal(parameterHash(model), before);
    drawB(nn.applyLora(model)).merge().unload();
    assert.notEqual(parameterHash(model), before);
    assert.ok([...model.stateDict().keys()].every((name) => !name.includes('lora')));
  });

  it('counts in summaries', () => {
    using model = tinyViT();
    const before = model.summary({ depth: 4 });
    nn.applyLora(model, { rank: 2 });
    const after = model.summary({ depth: 4 });
    const [tokens, width] = [5, 16];
    assert.equal(after.multiplyAdds - before.multiplyAdds, 2 * tokens * 2 * (width + 3 * width));
  });

  it('refuses what it cannot adapt, in words', () => {
    using model = tinyViT();
    const before = trainable(model);
    const cases: [object, RegExp][] = [
      [{ targets: ['query'] }, /a pattern that matches a linear layer .+'query'\. Names end in "qkv", "proj", "fc1"/],
      [{ targets: [] }, /a target at least/],
      [{ targets: 'qkv' }, /names of linear layers, a RegExp or 'all-linear'/],
      [{ targets: ['head'] }, /an adapter or are trained as a whole .+"head" twice/],
      [{ modulesToSave: ['heads'] }, /a pattern that matches a module .+'heads'/],
      [{ rank: 0 }, /at least 1 for applyLora rank/],
      [{ dropout: 2 }, /applyLora dropout/],
      [{ lora_alpha: 2 }, /an option among rank, alpha/],
    ];
    for (const [options, message] of cases) assertBadInput(() => nn.applyLora(model, options), message);
    assertBadInput(() => nn.applyLora({} as never), /a module/);
    assert.deepEqual(trainable(model), before);
    nn.applyLora(model);
    assertBadInput(() => nn.applyLora(model), /layers without adapters .+"blocks\.0\.attn\.qkv" with one/);
  });
});

describe('a training with LoRA', () => {
  const data = textures(32);
  const path = temporaryDirectory();

  async function train(capture: boolean): Promise<{ hash: string; frozen: boolean; losses: number[] }> {
    using model = tinyViT();
    const frozen = (name: string): boolean => !name.includes('lora') && !name.startsWith('head');
    const bits = (): string[] =>
      [...model.namedParameters()]
        .filter(([name]) => frozen(name))
        .map(([, p]) => Buffer.from(p.dataSync().buffer).toString('hex'));
    nn.applyLora(model, { rank: 2, dropout: 0.1, targets: ['qkv', 'proj', 'fc1', 'fc2'] });
    const before = bits();
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const { history } = await new Trainer({ model, optimizer, train: data, batchSize: 8, epochs: 3, capture }).fit();
    optimizer.dispose();
    const same = bits().every((value, i) => value === before[i]);
    return { hash: parameterHash(model), frozen: same, losses: history.map(({ trainLoss }) => trainLoss) };
  }

  it('is recorded, to the same bits, and leaves all else as it was', async () => {
    const [recorded, eager] = [await train(true), await train(false)];
    assert.deepEqual(recorded, eager);
    assert.ok(recorded.frozen);
    assert.ok(recorded.losses[2] < recorded.losses[0], `${recorded.losses}`);
  });

  it('goes on from a checkpoint to the bits of a training never stopped', async () => {
    const run = async (folder: string, steps?: number): Promise<string> => {
      using model = tinyViT();
      nn.applyLora(model, { rank: 2, dropout: 0.2 });
      const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
      const onStepEnd = (state: { globalStep: number; stop(): void }): void => {
        if (state.globalStep === steps) state.stop();
      };
      const options = { model, optimizer, train: data, batchSize: 8, epochs: 3, checkpoints: { folder } };
      await new Trainer({ ...options, resume: 'auto', callbacks: [{ onStepEnd }] }).fit();
      optimizer.dispose();
      return parameterHash(model);
    };
    const whole = await run(path('whole'));
    assert.notEqual(await run(path('stopped'), 6), whole);
    assert.equal(await run(path('stopped')), whole);
  });

  it('is recorded anew where it begins, or ends, in the middle', async () => {
    const run = async (capture: boolean): Promise<string> => {
      using model: ViT = tinyViT();
      let lora: nn.Lora | undefined;
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const onEpoch = ({ epoch }: { epoch: number }): void => {
        if (epoch === 0) lora = drawB(nn.applyLora(model));
        else if (epoch === 1) lora?.merge();
      };
      await new Trainer({ model, optimizer, train: data, batchSize: 8, epochs: 3, capture, onEpoch }).fit();
      optimizer.dispose();
      lora?.unload();
      return parameterHash(model);
    };
    assert.equal(await run(true), await run(false));
  });
});
