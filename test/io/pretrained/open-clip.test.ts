import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { Model, ViT } from '../../../lib/index.js';
import { returnsMemory } from '../../native-op.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';
import { goldenPath } from './fixtures.js';

describe('open_clip_config.json', () => {
  returnsMemory();
  const path = temporaryDirectory();

  function folder(name: string, weights: string, config: object): string {
    mkdirSync(path(name));
    copyFileSync(goldenPath(`families/${weights}`), path(`${name}/open_clip_model.safetensors`));
    writeFileSync(path(`${name}/open_clip_config.json`), JSON.stringify(config));
    return path(name);
  }

  const vision = { image_size: 12, layers: 2, width: 16, patch_size: 4, head_width: 8 };

  it('tells heads, activation and preprocessing of a tower of its own', async () => {
    const config = {
      model_cfg: { embed_dim: 5, quick_gelu: true, vision_cfg: vision },
      preprocess_cfg: {
        mean: [0.5, 0.5, 0.5],
        std: [0.25, 0.25, 0.25],
        interpolation: 'bilinear',
        resize_mode: 'squash',
      },
    };
    const told = await warningsOf(async () => {
      using model = await Model.fromPretrained(folder('own', 'openai-clip/weights.safetensors', config));
      assert.ok(model instanceof ViT);
      assert.deepEqual([model.config.numHeads, model.config.act], [2, 'quick_gelu']);
      const { resize, interpolation, std } = model.pretrainedConfig ?? assert.fail();
      assert.deepEqual([resize, interpolation, std], [[12, 12], 'bilinear', [0.25, 0.25, 0.25]]);
    });
    assert.ok(!told.join().includes('assumed'), told.join());
  });

  it("tells the architecture of a tower that is timm's", async () => {
    const config = {
      model_cfg: { vision_cfg: { image_size: 12, timm_model_name: 'test_vit', timm_pool: 'map' } },
      preprocess_cfg: { mean: [0.5], std: [0.5] },
    };
    using model = await Model.fromPretrained(folder('timm', 'timm-siglip/model.safetensors', config));
    assert.ok(model instanceof ViT);
    assert.equal(model.config.numHeads, 2);
    assert.deepEqual(model.pretrainedConfig?.mean, [0.5]);
  });

  it('refuses a tower of parts that there are none of here', async () => {
    const config = { model_cfg: { vision_cfg: { ...vision, attentional_pool: true } } };
    const path = folder('pooled', 'openai-clip/weights.safetensors', config);
    await assert.rejects(Model.fromPretrained(path), /Expected false for "attentional_pool"/);
  });
});
