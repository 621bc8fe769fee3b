import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ViT } from '../../../lib/index.js';
import { JsonFields } from '../../../lib/io/formats/json-fields.js';
import { writeSafetensors } from '../../../lib/io/formats/safetensors.js';
import type { TensorRecord } from '../../../lib/io/formats/tensor-record.js';
import { describeArchitecture, missingFeature } from '../../../lib/io/pretrained/layouts/timm-architectures.js';
import { usualOf } from '../../../lib/io/pretrained/layouts/timm-usual.js';
import { returnsMemory } from '../../native-op.js';
import { goldenTensors } from '../golden-tensors.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';
import { goldenPath } from './fixtures.js';

type Images = [size: number, mean: number, std: number, crop: number, interpolation: string, mode: string];
type Row = [numHeads: number, normEps: number, act: string, ...Images, parts: object] | null;
const rows: [string, Row][] = Object.entries(
  JSON.parse(readFileSync(goldenPath('timm-architectures.json'), 'utf8')) as Record<string, Row>,
);

describe("The names of timm's architectures", () => {
  it('tell the heads, epsilon and activation that timm builds', () => {
    const supported = rows.filter(([, row]) => row !== null);
    assert.ok(supported.length > 140);
    for (const [name, row] of supported) {
      const [numHeads, normEps, act] = row ?? [];
      assert.deepEqual(describeArchitecture(name), { numHeads, normEps, act, ...(row?.at(-1) as object) }, name);
      assert.equal(missingFeature(name), undefined, name);
    }
  });

  it('tell how images are prepared for the weights that timm takes for them', () => {
    for (const [name, row] of rows) {
      if (row === null) continue;
      const [, , , imgSize, ...images] = row;
      const wanted = images.slice(0, -1);
      const size = [imgSize, imgSize] as const;
      const config = new JsonFields({ architecture: name }, 'config.json');
      const evidence = { path: '', infos: new Map(), config, preprocessor: undefined, own: undefined };
      const model = { imgSize: size, trained: size, inChans: 3, embedDim: 64, depth: 2, distilled: false };
      const { mean, std, crop_pct, interpolation = 'bicubic', crop_mode = 'center' } = usualOf(evidence, model);
      assert.deepEqual([mean[0], std[0], crop_pct, interpolation, crop_mode], wanted, name);
    }
  });

  it('tell the missing part of each that there is no counterpart of', () => {
    const others = rows.filter(([, row]) => row === null);
    assert.ok(others.length > 60);
    for (const [name] of others) assert.notEqual(missingFeature(name), undefined, name);
  });

  it('tell nothing where they are not timm’s', () => {
    for (const name of ['', 'resnet50', 'vit_enormous_patch16_224', 'vit_base_patch16_whirl_224', 'my_vit']) {
      assert.deepEqual([describeArchitecture(name), missingFeature(name)], [{}, undefined], name);
    }
  });
});

describe("ViT.fromPretrained on a folder of timm's", () => {
  returnsMemory();
  const path = temporaryDirectory();
  const name = (text: string): string => `blocks.0.${text}`;
  const one = (shape: number[] = [1]): TensorRecord => {
    return { dtype: 'F32', shape, data: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)) };
  };

  /** The golden model, of three heads, with a config.json that says what is given. */
  async function folder(config: object | undefined, changes: Record<string, TensorRecord | undefined> = {}) {
    mkdirSync(path('timm'), { recursive: true });
    writeFileSync(path('timm/config.json'), JSON.stringify({ pretrained_cfg: {}, global_pool: 'token', ...config }));
    const kept = (await goldenTensors('timm-vit.safetensors')).filter(([own]) => !(own in changes));
    const added = Object.entries(changes).flatMap(([own, record]) => (record ? [[own, record] as const] : []));
    await writeSafetensors(path('timm/model.safetensors'), [...kept, ...added]);
    return path('timm');
  }

  it('takes model_args over the architecture, and both over a guess', async () => {
    for (const [args, numHeads, act] of [
      [undefined, 3, 'gelu'],
      [{ num_heads: 6, act_layer: 'gelu_tanh', img_size: 32, drop_path_rate: 0.1 }, 6, 'gelu_tanh'],
    ] as const) {
      const at = await folder({ architecture: 'vit_tiny_patch16_224.augreg_in21k', model_args: args });
      const warnings = await warningsOf(async () => {
        using model = await ViT.fromPretrained(at);
        assert.deepEqual([model.config.numHeads, model.config.act, model.config.normEps], [numHeads, act, 1e-6]);
      });
      assert.ok(!warnings.join().includes('numHeads'), warnings.join());
    }
  });

  it('says what it assumed of an architecture that it does not know', async () => {
    const at = await folder({ architecture: 'vit_tiny_patch16_whirl_224' });
    const warnings = await warningsOf(async () => (await ViT.fromPretrained(at, { numHeads: 3 })).dispose());
    assert.match(warnings.join(), /assumed .*normEps: 0\.000001, act: "gelu"/);
  });

  for (const [config, says] of [
    [{ architecture: 'vit_base_patch16_rope_224' }, /rotary position embeddings of another kind/],
    [{ architecture: 'vit_base_patch16_rpn_224' }, /res-post-norm/],
    [{ model_args: { norm_layer: 'batchnorm' } }, /"norm_layer" of .*'batchnorm'/],
    [{ model_args: { act_layer: 'mish' } }, /"act_layer" of .*activation.*'mish'/],
    [{ model_args: { use_rot_pos_emb: true, rope_type: 'mixed' } }, /"rope_type" of .*'mixed'/],
    [{ model_args: { pool_include_prefix: true } }, /"pool_include_prefix"/],
    [{ model_args: { swirl: 3 } }, /an argument of timm's VisionTransformer .*'swirl'/],
    [{ global_pool: 'prr' }, /"global_pool" of .*'prr'/],
  ] as const) {
    it(`refuses ${JSON.stringify(config)} by the part that is missing`, async () => {
      const at = await folder({ architecture: 'vit_tiny_patch16_224', ...config });
      await assert.rejects(ViT.fromPretrained(at, { numHeads: 3 }), says);
    });
  }

  // Of each kind, a tensor that only such a model has.
  for (const [tensor, says] of [
    ['attn.rel_pos.mlp.fc1.weight', 'relative positions by an MLP'],
    ['attn.rel_pos_h', 'windowed attention'],
    ['attn.lambda_q1', 'differential attention'],
    ['attns.0.norm.weight', 'parallel blocks'],
    ['mlp_tokens.fc1.weight', 'an MLP-Mixer'],
    ['attn.gating_param', 'a ConViT'],
  ] as const) {
    it(`names ${says} by "${tensor}"`, async () => {
      const at = await folder({}, { [name(tensor)]: one() });
      await assert.rejects(ViT.fromPretrained(at, { numHeads: 3 }), ({ message }: Error) => {
        assert.ok(message.includes(says) && message.includes(name(tensor)), message);
        assert.ok(message.replaceAll(at, '').length < 600);
        return true;
      });
    });
  }

  it('takes no model without positions for one that needs none, unless the caller says so', async () => {
    const at = await folder(undefined, { pos_embed: undefined });
    await assert.rejects(ViT.fromPretrained(at, { numHeads: 3 }), /may be rotary\..*posEmbed: 'none'/);
    await warningsOf(async () => {
      using model = await ViT.fromPretrained(at, { numHeads: 3, imgSize: 32, posEmbed: 'none' });
      assert.equal(model.config.posEmbed, 'none');
    });
  });

  it('says that DeiT III and RoPE-ViT look the same, and takes the first', async () => {
    const scales = [0, 1].flatMap((i) => [1, 2].map((n) => [`blocks.${i}.gamma_${n}`, one([24])]));
    const at = await folder(undefined, Object.fromEntries(scales));
    const copy = path('lone.safetensors');
    copyFileSync(`${at}/model.safetensors`, copy);
    const warnings = await warningsOf(async () => (await ViT.fromPretrained(copy, { numHeads: 3 })).dispose());
    assert.match(warnings.join(), /assumed .*no rotary positions \(DeiT III has none; RoPE-ViT has them/);
  });

  it('says that models of res-post-norm look like others of pre-norm', async () => {
    const at = await folder(undefined, {
      ...Object.fromEntries([0, 1].map((i) => [`blocks.${i}.attn.qkv.bias`, undefined])),
      ...{ cls_token: undefined, pos_embed: one([1, 16, 24]), 'norm.weight': undefined, 'norm.bias': undefined },
      ...{ 'fc_norm.weight': one([24]), 'fc_norm.bias': one([24]) },
    });
    const copy = path('rpn.safetensors');
    copyFileSync(`${at}/model.safetensors`, copy);
    const warnings = await warningsOf(async () => (await ViT.fromPretrained(copy, { numHeads: 3 })).dispose());
    assert.match(warnings.join(), /assumed .*norms before attention and MLP/);
  });

  it('knows a Perception Encoder by its norms and its pooling', async () => {
    const pre = { 'norm_pre.weight': one([24]), 'norm_pre.bias': one([24]), 'patch_embed.proj.bias': undefined };
    for (const change of [
      { 'attn_pool.latent': one([1, 1, 24]) },
      { 'norm.weight': undefined, 'norm.bias': undefined },
    ]) {
      const at = await folder(undefined, { ...pre, ...change });
      const copy = path('pe.safetensors');
      copyFileSync(`${at}/model.safetensors`, copy);
      await assert.rejects(ViT.fromPretrained(copy, { numHeads: 3 }), /rotary position embeddings/);
    }
  });

  it("gives CLIP's towers their epsilon by the norm before the blocks", async () => {
    const clip = { 'norm_pre.weight': one([24]), 'norm_pre.bias': one([24]), 'patch_embed.proj.bias': undefined };
    const at = await folder({}, clip);
    await warningsOf(async () => {
      using model = await ViT.fromPretrained(`${at}/model.safetensors`, { numHeads: 3 });
      assert.equal(model.config.normEps, 1e-5);
    });
  });

  it('names what others than ViTs are', async () => {
    for (const [tensor, says] of [
      ['layer1.0.conv1.weight', 'a ResNet'],
      ['stages.0.blocks.0.conv_dw.weight', 'a ConvNeXt'],
      ['blocks.0.0.conv_dw.weight', 'an EfficientNet or MobileNet'],
      ['stages.2.1.transformer.0.norm1.weight', 'a MobileViT'],
      ['embedder.embedder.convolution.weight', 'a ResNet'],
      ['features.1.0.attn.relative_position_bias_table', "a Swin Transformer in torchvision's names"],
      ['stages.1.blocks.0.attn.attention_biases', 'a LeViT, TinyViT'],
      ['layers.0.blocks.0.modulation.f.weight', 'a FocalNet'],
      ['layers.0.blocks.0.attn.qkv.weight', 'a Swin Transformer'],
      ['text_model.encoder.layers.0.mlp.fc1.weight', 'a text model'],
      ['visual.layer1.0.conv1.weight', "CLIP's ResNet"],
      ['mobilevit.encoder.layer.0.conv1.weight', 'a MobileViT'],
      ['convnext.encoder.stages.0.layers.0.dwconv.weight', 'a ConvNeXt'],
    ] as const) {
      await writeSafetensors(path('other.safetensors'), [[tensor, one()]]);
      await assert.rejects(ViT.fromPretrained(path('other.safetensors')), ({ message }: Error) => {
        assert.ok(
          message.startsWith('Expected the weights of a ViT for') &&
            message.includes(says) &&
            message.includes('Supported are'),
          message,
        );
        return true;
      });
    }
  });
});
