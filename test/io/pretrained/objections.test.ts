import assert from 'node:assert/strict';
import { ViT, type ViTOptions } from '../../../lib/index.js';
import { objections } from '../../../lib/io/pretrained/layouts/objections.js';
import { resolveConfig } from '../../../lib/nn/vit/config.js';
import { temporaryDirectory } from '../temporary-directory.js';

const against = (layout: 'timm' | 'torchvision' | 'hf', options: ViTOptions): string[] =>
  objections(resolveConfig({ imgSize: 16, patchSize: 4, embedDim: 24, depth: 2, numHeads: 2, ...options }), layout);

// What test/golden/check_saved.py found not to load there strictly, or to give other logits.
describe('saving what a library cannot load', () => {
  const path = temporaryDirectory();

  it('is refused for timm: padded sizes, and what its distilled model has not', () => {
    assert.deepEqual(against('timm', { imgSize: 15, dynamicImgPad: true }), ['imgSize: 15']);
    assert.deepEqual(against('timm', { imgSize: 15, dynamicImgPad: true, posEmbed: 'none' }), []);
    assert.deepEqual(against('timm', { dynamicImgPad: true }), []);
    const distilled = true;
    assert.deepEqual(against('timm', { distilled }), []);
    assert.deepEqual(against('timm', { distilled, noEmbedClass: true }), ['noEmbedClass: true']);
    assert.deepEqual(against('timm', { distilled, regTokens: 3 }), ['regTokens: 3']);
    assert.deepEqual(against('timm', { distilled, fcNorm: true }), ['fcNorm: true']);
    assert.deepEqual(against('timm', { distilled, posEmbed: 'none' }), ['posEmbed: "none"']);
    assert.deepEqual(against('timm', { posEmbed: 'sincos2d' }), ['posEmbed: "sincos2d"']);
    assert.deepEqual(against('timm', { posEmbedPlacement: 'layers' }), ['posEmbedPlacement: "layers"']);
    assert.deepEqual(against('timm', { representationSize: 8 }), ['representationSize: 8']);
  });

  it('is refused for torchvision, whose files tell neither epsilon nor activation', () => {
    assert.deepEqual(against('torchvision', { normEps: 1e-12 }), ['normEps: 1e-12']);
    assert.deepEqual(against('torchvision', { act: 'gelu_tanh' }), ['act: "gelu_tanh"']);
    assert.deepEqual(against('torchvision', { imgSize: [8, 32] }), ['imgSize: [8,32]']);
    assert.deepEqual(against('torchvision', { imgSize: 15, dynamicImgPad: true }), ['imgSize: 15']);
    assert.deepEqual(against('torchvision', { inChans: 1, numClasses: 0, qkvBias: false }), [
      'inChans: 1',
      'numClasses: 0',
      'qkvBias: false',
    ]);
    assert.deepEqual(against('torchvision', { representationSize: 8, dropRate: 0.1, dynamicImgSize: true }), []);
  });

  it('is refused for Hugging Face: padded sizes, and all but the plain model', () => {
    assert.deepEqual(against('hf', { imgSize: [7, 31], dynamicImgPad: true }), ['imgSize: [7,31]']);
    assert.deepEqual(against('hf', { imgSize: [8, 32], normEps: 1e-3, act: 'relu', inChans: 1 }), []);
    assert.deepEqual(against('hf', { regTokens: 1 }), []);
    assert.deepEqual(against('hf', { regTokens: 1, distilled: true }), ['regTokens: 1']);
    assert.deepEqual(against('hf', { representationSize: 24 }), ['representationSize: 24']);
    assert.deepEqual(against('hf', { globalPool: 'avg', fcNorm: true }), ['globalPool: "avg"', 'fcNorm: true']);
  });

  it('names all that is in the way, and writes nothing', async () => {
    using model = new ViT({
      imgSize: 15,
      patchSize: 4,
      embedDim: 24,
      depth: 1,
      numHeads: 2,
      dynamicImgPad: true,
      act: 'relu',
    });
    await assert.rejects(
      model.save(path('no.safetensors'), { layout: 'torchvision' }),
      /a model that torchvision has too for save but received one with imgSize: 15, act: "relu"\. Without a layout/,
    );
    await assert.rejects(ViT.fromPretrained(path('no.safetensors')), /no such file/);
  });
});
