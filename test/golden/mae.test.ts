import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, nn, scope, ViT } from '../../lib/index.js';
import { packageRoot } from '../../lib/native.js';
import { loadGolden } from '../golden.js';
import { withPrefix } from '../golden-module.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { assertNear, assertSameBits, fromRef, LONG_SUM, returnsMemory } from '../native-op.js';

const SAVED = join(packageRoot, 'test/golden/mae');

// Of the tensors whose gradients the fixture holds, by Transformers' names.
const OURS: Record<string, string> = {
  'vit.embeddings.cls_token': 'encoder.cls_token',
  'vit.embeddings.patch_embeddings.projection.weight': 'encoder.patch_embed.proj.weight',
  'decoder.mask_token': 'mask_token',
  'decoder.decoder_embed.weight': 'decoder_embed.weight',
  'decoder.decoder_pred.bias': 'decoder_pred.bias',
  'decoder.decoder_norm.weight': 'decoder_norm.weight',
  'vit.layernorm.bias': 'encoder.norm.bias',
};

describe('golden masked autoencoder', () => {
  const path = temporaryDirectory();
  returnsMemory();

  it("has ViTMAEForPreTraining's loss, reconstruction and gradients", async () => {
    using model = await io.loadMaskedAutoencoder(SAVED);
    const [{ tensors }] = loadGolden('mae').cases;
    scope(() => {
      const [images, noise] = [fromRef(tensors.x), fromRef(tensors.noise)];
      const mask = nn.randomMask(noise, model.maskRatio);
      const hidden = mask.places.dataSync().map((place) => (place < mask.kept ? 0 : 1));
      assert.deepEqual([...hidden], [...tensors.mask.data]);
      assertNear(model.reconstruct(images, mask), tensors.logits, 'reconstruction', LONG_SUM);
      const loss = model.forward(images, noise);
      assertNear(loss, tensors.loss, 'loss');
      loss.backward();
      const parameters = model.namedParameters();
      for (const [name, gradient] of withPrefix(tensors, 'g.')) {
        assertNear(parameters.get(OURS[name])?.grad ?? null, gradient, `gradient of ${name}`, LONG_SUM);
      }
    });
  });

  it("is what it was after it was written by Meta's names and by Hugging Face's", async () => {
    using model = await io.loadMaskedAutoencoder(SAVED);
    await io.saveMaskedAutoencoder(model, path('meta.safetensors'));
    await io.saveMaskedAutoencoder(model, path('hf'), { layout: 'hf' });
    const heads = { numHeads: 2, decoderNumHeads: 3 };
    for (const again of [
      await io.loadMaskedAutoencoder(path('meta.safetensors'), heads),
      await io.loadMaskedAutoencoder(path('hf')),
    ]) {
      const state = again.stateDict();
      for (const [name, value] of model.stateDict()) assertSameBits(state.get(name) ?? value.mul(0), value, name);
      assert.deepEqual([again.sizes, again.encoder.config.mlpRatio], [model.sizes, 1.5]);
      again.dispose();
    }
    // As the files of facebook/vit-mae-base have them, which Transformers 5.18 reads and does not write.
    const names = await io.readSafetensors(path('hf/model.safetensors'));
    assert.ok(names.names().includes('decoder.decoder_layers.0.attention.attention.key.weight'));
    await names.close();
  });

  it('is refused without decoder, with tensors that have no place, and with heads that nobody knows', async () => {
    const meta = path('unknown.safetensors');
    using model = await io.loadMaskedAutoencoder(SAVED);
    await io.saveMaskedAutoencoder(model, meta);
    await assert.rejects(io.loadMaskedAutoencoder(meta), /numHeads, which no tensor tells.*none for a width of 8/);
    cpSync(SAVED, path('other'), { recursive: true });
    const config = JSON.parse(readFileSync(path('other/config.json'), 'utf8'));
    writeFileSync(path('other/config.json'), JSON.stringify({ ...config, num_hidden_layers: 1 }));
    await assert.rejects(io.loadMaskedAutoencoder(path('other')), /masked autoencoder alone.*vit\.encoder\.layer\.1/);
    using encoder = new ViT({ imgSize: 8, patchSize: 4, embedDim: 8, depth: 1, numHeads: 1 });
    await encoder.save(path('encoder.safetensors'));
    await assert.rejects(io.loadMaskedAutoencoder(path('encoder.safetensors')), /weights without decoder_pred/);
  });
});
