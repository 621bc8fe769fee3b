import assert from 'node:assert/strict';
import { F, manualSeed, nn, randn, scope, type Tensor, ViT, type ViTConfig, zeros } from '../../../lib/index.js';
import { assertBadInput, assertNear, assertSameBits, returnsMemory, valuesOf } from '../../native-op.js';

/** A small model: 8 x 8 grey images in four patches. */
const SMALL = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 3, embedDim: 12, depth: 2, numHeads: 3 };

const block = (i: number, dim: number): [string, number[]][] => [
  [`blocks.${i}.norm1.weight`, [dim]],
  [`blocks.${i}.norm1.bias`, [dim]],
  [`blocks.${i}.attn.qkv.weight`, [3 * dim, dim]],
  [`blocks.${i}.attn.qkv.bias`, [3 * dim]],
  [`blocks.${i}.attn.proj.weight`, [dim, dim]],
  [`blocks.${i}.attn.proj.bias`, [dim]],
  [`blocks.${i}.norm2.weight`, [dim]],
  [`blocks.${i}.norm2.bias`, [dim]],
  [`blocks.${i}.mlp.fc1.weight`, [4 * dim, dim]],
  [`blocks.${i}.mlp.fc1.bias`, [4 * dim]],
  [`blocks.${i}.mlp.fc2.weight`, [dim, 4 * dim]],
  [`blocks.${i}.mlp.fc2.bias`, [dim]],
];

const shapesOf = (module: nn.Module): [string, readonly number[]][] =>
  [...module.namedParameters()].map(([name, { shape }]) => [name, shape]);

const namesOf = (options: Partial<ViTConfig>): string[] => {
  using model = new ViT({ ...SMALL, depth: 1, ...options });
  return [...model.namedParameters().keys()];
};

describe('ViT', () => {
  returnsMemory();

  it("has timm's parameters, in its order", () => {
    using model = new ViT(SMALL);
    assert.deepEqual(shapesOf(model), [
      ['cls_token', [1, 1, 12]],
      ['pos_embed', [1, 5, 12]],
      ['patch_embed.proj.weight', [12, 1, 4, 4]],
      ['patch_embed.proj.bias', [12]],
      ...block(0, 12),
      ...block(1, 12),
      ['norm.weight', [12]],
      ['norm.bias', [12]],
      ['head.weight', [3, 12]],
      ['head.bias', [3]],
    ]);
  });

  it('has the parameters that its options ask for', () => {
    const usual = namesOf({});
    const differs = (options: Partial<ViTConfig>): { more: string[]; fewer: string[] } => {
      const names = namesOf(options);
      return {
        more: names.filter((name) => !usual.includes(name)),
        fewer: usual.filter((name) => !names.includes(name)),
      };
    };
    assert.deepEqual(differs({ qkvBias: false }), { more: [], fewer: ['blocks.0.attn.qkv.bias'] });
    assert.deepEqual(differs({ qkNorm: true }).more, [
      'blocks.0.attn.q_norm.weight',
      'blocks.0.attn.q_norm.bias',
      'blocks.0.attn.k_norm.weight',
      'blocks.0.attn.k_norm.bias',
    ]);
    assert.deepEqual(differs({ initValues: 0.1 }).more, ['blocks.0.ls1.gamma', 'blocks.0.ls2.gamma']);
    assert.deepEqual(differs({ regTokens: 2 }), { more: ['reg_token'], fewer: [] });
    assert.deepEqual(differs({ preNorm: true }), {
      more: ['norm_pre.weight', 'norm_pre.bias'],
      fewer: ['patch_embed.proj.bias'],
    });
    assert.deepEqual(differs({ globalPool: 'avg' }), {
      more: ['fc_norm.weight', 'fc_norm.bias'],
      fewer: ['norm.weight', 'norm.bias'],
    });
    assert.deepEqual(differs({ globalPool: 'avg', classToken: false, fcNorm: false }), {
      more: [],
      fewer: ['cls_token'],
    });
    assert.deepEqual(differs({ finalNorm: false }), { more: [], fewer: ['norm.weight', 'norm.bias'] });
    assert.deepEqual(differs({ posEmbed: 'none' }), { more: [], fewer: ['pos_embed'] });
    assert.deepEqual(differs({ numClasses: 0 }), { more: [], fewer: ['head.weight', 'head.bias'] });
    assert.deepEqual(differs({ projBias: false }).fewer, [
      'blocks.0.attn.proj.bias',
      'blocks.0.mlp.fc1.bias',
      'blocks.0.mlp.fc2.bias',
    ]);
  });

  for (const [name, count] of [
    ['vit_tiny_patch16_224', 5_717_416],
    ['vit_small_patch16_224', 22_050_664],
    ['vit_base_patch16_224', 86_567_656],
  ] as const) {
    it(`${name} has timm's ${count} parameters`, () => {
      using model = ViT.create(name);
      assert.equal(model.numParameters(), count);
    });
  }

  it("knows the paper's sizes by timm's names, and no other", () => {
    const names = ViT.list();
    for (const size of ['tiny', 'small', 'base', 'large', 'huge']) {
      assert.ok(
        names.some((name) => name.startsWith(`vit_${size}_patch`)),
        size,
      );
    }
    assert.ok(names.includes('vit_huge_patch14_224'));
    assert.ok(names.includes('vit_base_patch32_384'));
    for (const name of [
      'vit_tiny_patch16_225',
      'vit_tiny_patch15_224',
      'resnet50',
      '',
      'constructor',
      'vit_base_patch14_384',
    ]) {
      assertBadInput(() => ViT.create(name), /model name such as vit_tiny_\w+, .* for ViT\.create .*ViT\.list/);
    }
  });

  it('takes overrides beside a name', () => {
    using model = ViT.create('vit_tiny_patch16_224', { numClasses: 10, depth: 1, imgSize: 32 });
    assert.deepEqual(model.head?.weight.shape, [10, 192]);
    assert.equal(model.blocks.length, 1);
    assert.deepEqual(model.grid, [2, 2]);
    assert.equal(model.config.numHeads, 3);
  });

  it('gives logits of images, features, and features of tokens', () => {
    using model = new ViT(SMALL);
    scope(() => {
      const images = randn([5, 1, 8, 8]);
      const logits = model.forward(images);
      assert.deepEqual(logits.shape, [5, 3]);
      const tokens = model.forwardFeatures(images);
      assert.deepEqual(tokens.shape, [5, 5, 12]);
      assertSameBits(model.forwardHead(tokens), logits, 'logits');
      assert.deepEqual(model.forward(zeros([0, 1, 8, 8])).shape, [0, 3]);
    });
    using features = new ViT({ ...SMALL, numClasses: 0 });
    scope(() => assert.deepEqual(features.forward(randn([5, 1, 8, 8])).shape, [5, 12]));
  });

  it('takes images and patches that are not square', () => {
    using model = new ViT({ ...SMALL, imgSize: [8, 12], patchSize: [4, 2] });
    assert.deepEqual(model.grid, [2, 6]);
    scope(() => assert.deepEqual(model.forwardFeatures(randn([2, 1, 8, 12])).shape, [2, 13, 12]));
  });

  it('has equal logits and gradients by both routes to patches', () => {
    using conv = new ViT({ ...SMALL, patchEmbed: 'conv' });
    using unfold = new ViT({ ...SMALL, patchEmbed: 'unfold' });
    unfold.loadStateDict(conv.stateDict());
    scope(() => {
      const [images, dy] = [randn([5, 1, 8, 8]), randn([5, 3])];
      const wanted = conv.forward(images);
      const logits = unfold.forward(images);
      assertNear(logits, valuesOf(wanted), 'logits');
      wanted.backward(dy);
      logits.backward(dy);
      for (const [name, parameter] of unfold.namedParameters()) {
        const other = conv.namedParameters().get(name)?.grad ?? assert.fail(name);
        assertNear(parameter.grad, valuesOf(other), `gradient of ${name}`);
      }
    });
  });

  it('tells samples apart: a batch is its samples one by one', () => {
    using model = new ViT(SMALL);
    scope(() => {
      const images = randn([3, 1, 8, 8]);
      const alone = [0, 1, 2].map((i) => model.forward(F.slice(images, 0, i, i + 1)));
      assertNear(model.forward(images), valuesOf(F.cat(alone)), 'logits');
    });
  });

  for (const option of ['dropRate', 'posDropRate', 'projDropRate', 'attnDropRate', 'dropPathRate'] as const) {
    it(`drops by ${option} in training alone`, () => {
      using model = new ViT({ ...SMALL, [option]: 0.5 });
      using plain = new ViT(SMALL);
      plain.loadStateDict(model.stateDict());
      scope(() => {
        const images = randn([16, 1, 8, 8]);
        assert.notDeepEqual(model.forward(images).dataSync(), model.forward(images).dataSync());
        assertSameBits(model.eval().forward(images), plain.forward(images), 'evaluation');
      });
    });
  }

  it('drops paths more the deeper the block, from none', () => {
    using model = new ViT({ ...SMALL, depth: 5, dropPathRate: 0.2 });
    const rates = [...model.namedModules()].flatMap(([name, module]) =>
      /^blocks\.\d+\.drop_path$/.test(name) && module instanceof nn.DropPath ? [module.p] : [],
    );
    assert.deepEqual(
      rates.map((rate) => Math.round(rate * 100)),
      [0, 5, 10, 15, 20],
    );
  });

  it('shows the attention of every block: rows of weights, without gradients', () => {
    using model = new ViT({ ...SMALL, attnDropRate: 0 });
    scope(() => {
      const maps = model.attentionMaps(randn([2, 1, 8, 8]));
      assert.equal(maps.length, 2);
      for (const map of maps) {
        assert.deepEqual(map.shape, [2, 3, 5, 5]);
        assert.equal(map.requiresGrad, false);
        assertNear(F.sum(map, { dim: -1 }), { shape: [2, 3, 5], data: new Float32Array(30).fill(1) }, 'sum of weights');
      }
    });
  });

  it("begins as timm's does, from the seed", () => {
    const build = (): ViT => {
      manualSeed(1);
      return new ViT({ ...SMALL, embedDim: 96 });
    };
    using model = build();
    using again = build();
    const deviation = (x: Tensor): number => Math.sqrt([...x.dataSync()].reduce((sum, v) => sum + v * v, 0) / x.size);
    for (const [name, parameter] of model.namedParameters()) {
      assertSameBits(parameter, again.namedParameters().get(name) ?? assert.fail(name), name);
      if (/(qkv|proj|fc1|fc2|head)\.weight$/.test(name) && name.startsWith('blocks')) {
        assert.ok(Math.abs(deviation(parameter) / 0.02 - 1) < 0.05, `${name}: ${deviation(parameter)}`);
      } else if (name === 'cls_token') {
        assert.ok(deviation(parameter) < 2e-6, `${name}: ${deviation(parameter)}`);
      } else if (name === 'pos_embed') {
        assert.ok(Math.abs(deviation(parameter) / 0.02 - 1) < 0.2, `${name}: ${deviation(parameter)}`);
      } else if (/norm.*weight$/.test(name)) {
        assert.deepEqual(new Set(parameter.dataSync()), new Set([1]), name);
      } else if (name.endsWith('bias') && name !== 'patch_embed.proj.bias') {
        assert.deepEqual(new Set(parameter.dataSync()), new Set([0]), name);
      }
    }
  });

  for (const [options, says] of [
    [{ patchSize: 3 }, /imgSize .* 8\./],
    [{ patchSize: 0 }, /ViT patchSize .* 0\./],
    [{ imgSize: Number.NaN }, /ViT imgSize .*NaN/],
    [{ imgSize: [8, 8, 8] as unknown as [number, number] }, /ViT imgSize .*\[8, 8, 8\]/],
    [{ numHeads: 5 }, /heads that divide .* 5\./],
    [{ numHeads: 0 }, /ViT numHeads .* 0\./],
    [{ embedDim: 12.5 }, /ViT embedDim .*12\.5/],
    [{ depth: 0 }, /ViT depth .* 0\./],
    [{ inChans: -1 }, /ViT inChans .*-1\./],
    [{ numClasses: 1.5 }, /ViT numClasses .*1\.5/],
    [{ mlpRatio: 0 }, /ViT mlpRatio .* 0\./],
    [{ normEps: -1 }, /ViT normEps .*-1\./],
    [{ regTokens: -1 }, /ViT regTokens .*-1\./],
    [{ dropRate: 2 }, /ViT dropRate .* 2\./],
    [{ dropPathRate: Number.NaN }, /ViT dropPathRate .*NaN/],
    [{ initValues: Number.NaN }, /ViT initValues .*NaN/],
    [{ globalPool: 'sum' as 'avg' }, /ViT globalPool .*'sum'/],
    [{ classToken: false }, /without class token/],
    [{ act: 'swish' as 'relu' }, /ViT act .*'swish'/],
    [{ patchEmbed: 'fft' as 'conv' }, /ViT patchEmbed .*'fft'/],
    [{ posEmbed: 'fixed' as 'none' }, /ViT posEmbed .*'fixed'/],
    [{ patch_size: 4 } as Partial<ViTConfig>, /an option among .* 'patch_size'/],
  ] as [Partial<ViTConfig>, RegExp][]) {
    it(`refuses ${JSON.stringify(options)}, and keeps no memory`, () => {
      assertBadInput(() => new ViT({ ...SMALL, ...options }), says);
    });
  }

  it('refuses images of another shape or dtype', () => {
    using model = new ViT(SMALL);
    assertBadInput(() => model.forward(zeros([1, 8, 8])), /ViT images .*\(1,8,8\)/);
    assertBadInput(() => model.forward(zeros([2, 3, 8, 8])), /ViT images .*\(2,3,8,8\)/);
    assertBadInput(() => model.forward(zeros([2, 1, 8, 4])), /\(\*,1,8,8\) for ViT images .*\(2,1,8,4\)/);
    assertBadInput(() => model.forward(zeros([2, 1, 8, 8], { dtype: 'int32' })), /float32 .* ViT images .*int32/);
  });
});
