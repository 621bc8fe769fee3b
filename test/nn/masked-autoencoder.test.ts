import assert from 'node:assert/strict';
import { nn, optim, rand, scope, tensor, ViT } from '../../lib/index.js';
import { assertBadInput, assertNear, returnsMemory, valuesOf } from '../native-op.js';

const CONFIG = {
  imgSize: [8, 12],
  patchSize: 4,
  inChans: 2,
  embedDim: 16,
  depth: 2,
  numHeads: 2,
  numClasses: 0,
} as const;

describe('a masked autoencoder', () => {
  returnsMemory();

  it('sees the patches of least noise, as many as the ratio leaves', () => {
    scope(() => {
      const { order, places, kept } = nn.randomMask(tensor([0.5, 0.1, 0.9, 0.3], [1, 4]), 0.5);
      assert.deepEqual([kept, [...order.dataSync()], [...places.dataSync()]], [2, [1, 3, 0, 2], [2, 0, 3, 1]]);
    });
  });

  it('cuts images into patches, the channels of a pixel side by side', () => {
    scope(() => {
      const images = tensor(
        Array.from({ length: 16 }, (_, i) => i),
        [1, 2, 2, 4],
      ); // second channel from 8 on
      const patches = [0, 8, 1, 9, 4, 12, 5, 13, 2, 10, 3, 11, 6, 14, 7, 15];
      assert.deepEqual([...nn.patchify(images, 2).dataSync()], patches);
      assertBadInput(() => nn.patchify(images, 3), /sides that 3 and 3 divide/);
    });
  });

  it('has as loss the mean squared error of the patches that it did not see', () => {
    using model = new nn.MaskedAutoencoder(new ViT(CONFIG), { decoderDim: 8, decoderDepth: 1 });
    scope(() => {
      const noise = [
        ...Array.from({ length: 6 }, (_, i) => (i * 5) % 6),
        ...Array.from({ length: 6 }, (_, i) => 6 - i),
      ];
      const [images, drawn] = [rand([2, 2, 8, 12]), tensor(noise, [2, 6])];
      const loss = model.forward(images, drawn).itemSync();
      const mask = nn.randomMask(drawn, 0.75);
      const [prediction, target] = [model.reconstruct(images, mask), model.target(images)];
      const [said, meant, places] = [prediction.dataSync(), target.dataSync(), mask.places.dataSync()];
      let [total, count] = [0, 0];
      for (const [i, place] of places.entries()) {
        if (place < mask.kept) continue;
        for (let j = 32 * i; j < 32 * (i + 1); j++) total += (said[j] - meant[j]) ** 2;
        count += 32;
      }
      assert.equal(mask.kept, 1);
      assert.ok(Math.abs(loss - total / count) < 1e-5 * loss, `${loss} is ${total / count}`);
      const first = [...meant.subarray(0, 32)];
      const mean = first.reduce((sum, value) => sum + value, 0) / 32;
      const variance = first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 31;
      assert.ok(Math.abs(mean) < 1e-5 && Math.abs(variance - 1) < 1e-3);
    });
  });

  it('does not look at what is hidden', () => {
    using model = new nn.MaskedAutoencoder(new ViT(CONFIG), { decoderDim: 8, decoderDepth: 1 });
    scope(() => {
      const mask = nn.randomMask(tensor([0, 1, 2, 3, 4, 5], [1, 6]), 0.75); // the first patch alone is seen
      const images = rand([1, 2, 8, 12]);
      const others = images.mul(1); // another lower row of patches
      others.set(images.dataSync().map((value, i) => (Math.floor(i / 12) % 8 < 4 ? value : 1 - value)));
      assertNear(model.reconstruct(others, mask), valuesOf(model.reconstruct(images, mask)), 'reconstruction');
    });
  });

  it('learns', () => {
    using model = new nn.MaskedAutoencoder(new ViT(CONFIG), { decoderDim: 8, decoderDepth: 1 });
    using optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
    scope(() => {
      const [images, noise] = [rand([4, 2, 8, 12]), rand([4, 6])];
      const losses = Array.from({ length: 30 }, () => {
        optimizer.zeroGrad();
        const loss = scope(() => model.forward(images, noise));
        loss.backward();
        optimizer.step();
        return loss.itemSync();
      });
      assert.ok(losses[29] < 0.9 * losses[0], `${losses[0]} to ${losses[29]}`);
      for (const [name, { grad }] of model.namedParameters()) assert.ok(grad !== null, `a gradient of ${name}`);
    });
  });

  it('refuses models whose positions come later, or without class token', () => {
    for (const config of [
      { posEmbedPlacement: 'layers' },
      { classToken: false, globalPool: 'avg' },
      { regTokens: 1 },
    ]) {
      using model = new ViT({ ...CONFIG, ...(config as object) });
      assertBadInput(() => new nn.MaskedAutoencoder(model), /one class token and positions before the blocks/);
    }
  });
});
