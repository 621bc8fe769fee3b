import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { data, features, Model, nn, noGrad, ones, optim, scope, ViT } from '../../../lib/index.js';
import { readSafetensors } from '../../../lib/io/formats/safetensors.js';
import { type BiasResize, resizeBiasTable } from '../../../lib/io/pretrained/bias-table.js';
import { returnsMemory } from '../../native-op.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';
import { goldenPath } from './fixtures.js';

const TINY = {
  ...{ imgSize: 16, patchSize: 2, inChans: 3, embedDim: 4, numClasses: 3, windowSize: 4 },
  ...{ depths: [2, 1], numHeads: [1, 2] },
} as const;

interface Resized {
  from: [number, number];
  to: [number, number];
  extra: number;
  table: number[];
  timm: number[];
  hf: number[];
}

describe('tables of relative positions', () => {
  it('are resized as timm and Transformers do it', () => {
    const { cases } = JSON.parse(readFileSync(goldenPath('bias-tables.json'), 'utf8')) as { cases: Resized[] };
    for (const { from, to, extra, table, ...wanted } of cases) {
      for (const [method, values] of [
        ['timm', wanted.timm],
        ['bilinear', wanted.hf],
      ] as [BiasResize, number[]][]) {
        const resized = resizeBiasTable(Float32Array.from(table), from, to, { extra, method });
        for (const [i, value] of values.entries()) {
          assert.ok(Math.abs((resized[i] ?? 9) - value) < 1e-5, `${method} ${from} to ${to} at ${i}`);
        }
      }
    }
  });
});

describe('Swin checkpoints', () => {
  returnsMemory();
  const path = temporaryDirectory();
  const sums = (model: nn.Swin | ViT): Float32Array =>
    scope(() => noGrad(() => model.forward(ones([1, 3, 16, 16]))).dataSync() as Float32Array);

  it('of another window have their tables resized, and of other images the same ones', async () => {
    const folder = goldenPath('families/timm-swin');
    using model = await nn.Swin.fromPretrained(folder, { windowSize: 2 });
    using same = await nn.Swin.fromPretrained(folder, { imgSize: 32 });
    using own = await nn.Swin.fromPretrained(folder);
    const table = (one: nn.Swin): readonly [readonly number[], ArrayLike<number>] => {
      const tensor = one.namedParameters().get('layers.0.blocks.1.attn.relative_position_bias_table');
      assert.ok(tensor !== undefined);
      return [tensor.shape, tensor.dataSync()];
    };
    const resized = resizeBiasTable(table(own)[1] as Float32Array, [4, 4], [2, 2]);
    assert.deepEqual(table(model), [[9, 1], resized]);
    assert.deepEqual(table(same), table(own));
    assert.deepEqual(same.pretrainedConfig?.crop, [32, 32]);
    assert.deepEqual(same.namedParameters().get('layers.2.blocks.0.attn.relative_position_bias_table')?.shape, [49, 2]);
  });

  it('of version 2 without distances must be told their windows, and say what they assume', async () => {
    const file = goldenPath('families/timm-swinv2/model.safetensors');
    using whole = await nn.Swin.fromPretrained(goldenPath('families/timm-swinv2'));
    await whole.save(path('v2.safetensors'), { layout: 'microsoft' });
    // Beside the file stands its config.json; by another name it is a lone one.
    const bytes = readFileSync(file);
    writeFileSync(path('lone.safetensors'), bytes);
    await assert.rejects(Model.fromPretrained(path('lone.safetensors')), /the size of windows.*Give windowSize/);
    const told = await warningsOf(async () => {
      using model = await nn.Swin.fromPretrained(path('lone.safetensors'), { windowSize: 4 });
      assert.deepEqual(model.config.imgSize, [16, 16]); // so that the last of two stages is one window
    });
    assert.match(told.join(), /assumed imgSize: \[16,16\], pretrainedWindowSizes: \[0,0\]/);
    using model = await Model.fromPretrained(path('v2.safetensors'));
    assert.deepEqual(sums(model), sums(whole));
  });

  it('are written whole, in 8 bits and in the layouts of libraries that have such a model', async () => {
    using model = new nn.Swin({ ...TINY, numClasses: 2 });
    model.pretrainedConfig = {
      layout: 'vitrine',
      resize: 16,
      crop: [16, 16],
      interpolation: 'bilinear',
      mean: [0, 0, 0],
      std: [1, 1, 1],
      labels: ['a', 'b'],
    };
    await model.save(path('own.safetensors'));
    await model.save(path('int8.safetensors'), { precision: 'int8' });
    await model.save(path('hf'), { layout: 'hf' });
    await model.save(path('ms.safetensors'), { layout: 'microsoft' });
    for (const file of ['own.safetensors', 'hf', 'ms.safetensors']) {
      using again = await nn.Swin.fromPretrained(path(file));
      assert.deepEqual(again.config, model.config);
      assert.deepEqual(sums(again), sums(model.eval()));
      assert.deepEqual(again.pretrainedConfig?.labels, ['a', 'b']);
    }
    using small = await Model.fromPretrained(path('int8.safetensors'));
    assert.ok(small instanceof nn.Swin);
    const file = await readSafetensors(path('ms.safetensors'));
    assert.deepEqual(file.info('layers.0.blocks.1.attn_mask').shape, [4, 16, 16]);
    assert.equal(file.info('layers.0.blocks.0.attn.relative_position_index').dtype, 'I64');
    assert.deepEqual(file.info('layers.0.downsample.reduction.weight').shape, [8, 16]);
    await file.close();
    assert.ok(existsSync(path('hf/preprocessor_config.json')));
  });

  it('are refused in a layout whose library computes something else', async () => {
    using padded = new nn.Swin({ ...TINY, imgSize: 12 });
    await assert.rejects(padded.save(path('x'), { layout: 'hf' }), /a model that hf has too.*imgSize: 12/);
    await assert.rejects(padded.save(path('x'), { layout: 'torchvision' }), /'timm', 'hf', 'microsoft'/);
    const said = { depths: [2, 2], numHeads: [1, 2] };
    await padded.save(path('padded.safetensors'));
    await assert.rejects(
      nn.Swin.fromPretrained(path('padded.safetensors'), said),
      /depths: \[2,1\], as the checkpoint says/,
    );
    await assert.rejects(ViT.fromPretrained(path('padded.safetensors')), /family vit.*'swin'.*Model\.fromPretrained/);
    await assert.rejects(
      ViT.fromPretrained(goldenPath('families/microsoft-swin/weights.safetensors')),
      /a Swin Transformer/,
    );
    await assert.rejects(nn.Swin.fromPretrained(goldenPath('hf-vit')), /no weight of a patch embedding/);
  });

  it('are features, and a classifier by a linear probe, and are fine-tuned with decay by layer', async () => {
    using model = await nn.Swin.fromPretrained(goldenPath('families/timm-swin'), { numClasses: 0 });
    const images = { images: new Uint8Array(4 * 3 * 256).map((_, i) => i % 251), labels: [0, 1, 0, 1] };
    const set = data.fromArrays({ ...images, shape: [3, 16, 16], classes: ['a', 'b'] });
    const BYTES = {
      resize: 'none',
      crop: [16, 16],
      interpolation: 'bilinear',
      mean: [0, 0, 0],
      std: [1, 1, 1],
    } as const;
    const found = await features.extract(model, set, { preprocessing: BYTES });
    assert.equal(found.width, 16);
    const two = await features.extract(model, set, { preprocessing: BYTES, layers: 2, pool: 'max' });
    assert.equal(two.width, 8 + 16);
    const probe = await features.linearProbe(found, found, { epochs: 1 });
    features.attachProbe(model, probe);
    assert.deepEqual(model.pretrainedConfig?.labels, ['a', 'b']);
    scope(() => {
      const x = ones([1, 3, 16, 16]);
      assert.deepEqual(model.forward(x).shape, [1, 2]);
      assert.deepEqual(model.features(x, { pool: 'none' }).shape, [1, 4, 16]);
      assert.throws(() => model.features(x, { pool: 'none', layers: 2 }), /a pooling of several stages/);
      assert.throws(() => model.features(x, { pool: 'cls' }), /without class token/);
    });
    const groups = optim.layerDecayGroups(model, { layerDecay: 0.5 });
    const scaleOf = (name: string): [number, number] | undefined => {
      const group = groups.find(({ names }) => names.includes(name));
      return group && [Math.log2(group.lrScale), group.weightDecay];
    };
    // As timm's param_groups_layer_decay: a merging stands with the first block behind it.
    assert.deepEqual(scaleOf('head.fc.weight'), [0, 0.05]);
    assert.deepEqual(scaleOf('layers.2.blocks.0.mlp.fc1.weight'), [-1, 0.05]);
    assert.deepEqual(scaleOf('layers.2.downsample.reduction.weight'), [-1, 0.05]);
    assert.deepEqual(scaleOf('layers.0.blocks.0.attn.relative_position_bias_table'), [-5, 0]);
    assert.deepEqual(scaleOf('patch_embed.proj.weight'), [-6, 0.05]);
  });
});
