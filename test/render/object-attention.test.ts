import assert from 'node:assert/strict';
import sharp from 'sharp';
import { nn, rand, render, ViT, zeros } from '../../lib/index.js';
import { attended } from '../../lib/render/object-attention.js';
import { returnsMemory } from '../native-op.js';

const CONFIG = { imgSize: 8, patchSize: 4, inChans: 1, embedDim: 8, depth: 2, numHeads: 2, numClasses: 2 } as const;

describe('attention to objects', () => {
  returnsMemory();

  it('is of the patches that get most, the one that makes it up included', () => {
    const weights = [0.1, 0.4, 0.2, 0.3];
    const of = (mass: number) => [...attended(weights, mass)];
    assert.deepEqual(
      [of(0.4 - 1e-9), of(0.65), of(1), of(0)],
      [
        [0, 1, 0, 0],
        [0, 1, 0, 1],
        [1, 1, 1, 1],
        [0, 0, 0, 0],
      ],
    );
  });

  it('is a picture for each head beside the image, with registers too', async () => {
    using model = new ViT({ ...CONFIG, regTokens: 3 });
    using image = rand([1, 1, 8, 8]);
    const png = await render.objectAttention(model, image, { mass: 0.5 });
    const { width, height } = await sharp(png).metadata();
    assert.deepEqual([width, height], [3 * 224 + 2 * 4, 224]);
  });

  it('is refused for a Swin, a model without class token, and layers that are none', async () => {
    using swin = new nn.Swin({
      imgSize: 8,
      patchSize: 2,
      inChans: 1,
      embedDim: 4,
      depths: [1],
      numHeads: [1],
      windowSize: 2,
    });
    using plain = new ViT({ ...CONFIG, classToken: false, globalPool: 'avg' });
    using model = new ViT(CONFIG);
    using image = zeros([1, 1, 8, 8]);
    await assert.rejects(render.objectAttention(swin as never, image), /a ViT .* but received a Swin/);
    await assert.rejects(render.objectAttention(plain, image), /a ViT with a class token/);
    await assert.rejects(render.objectAttention(model, image, { layer: 2 }), /layer/);
  });
});
