import assert from 'node:assert/strict';
import { nn, randn, scope, ViT } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';

const small = (): ViT =>
  new ViT({ imgSize: 16, patchSize: 8, inChans: 1, numClasses: 3, embedDim: 8, depth: 2, numHeads: 2, mlpRatio: 2 });

describe('summary', () => {
  returnsMemory();

  it('counts a small ViT by hand', () => {
    using model = small();
    const found = model.summary({ batchSize: 2 });
    const [tokens, width] = [5, 8];
    const perBlock = tokens * (3 * width ** 2 + width ** 2 + 2 * width * 16) + 2 * tokens ** 2 * width;
    assert.equal(found.multiplyAdds, 2 * (4 * 64 * width + 2 * perBlock + width * 3));
    assert.equal(found.parameters, model.numParameters());
    assert.equal(found.trainableParameters, model.numParameters());
    assert.equal(found.parameterBytes, 4 * model.numParameters());
    assert.equal(found.inputBytes, 4 * 2 * 256);
  });

  it('counts ViT-Ti/16: 5,717,416 parameters as timm, and 1.25 G multiply-adds', () => {
    using model = ViT.create('vit_tiny_patch16_224');
    const found = model.summary();
    assert.equal(found.parameters, 5_717_416);
    assert.equal((found.multiplyAdds / 1e9).toFixed(2), '1.25');
    const text = String(found);
    assert.match(text, /Total params: 5,717,416\nTrainable params: 5,717,416\nNon-trainable params: 0\n/);
    assert.match(text, /Layer \(type\) +Output Shape +Param # +Mult-Adds/);
    assert.match(text, /├─patch_embed \(PatchEmbed\) +\[1, 196, 192\] +-- +28,901,376\n/);
    assert.match(text, /├─head \(Linear\) +\[1, 1000\] +193,000 +192,000\n/);
  });

  for (const depth of [0, 1, 2, 3, 9]) {
    it(`adds up to the same whatever the depth: ${depth}`, () => {
      using model = small();
      const found = model.summary({ depth });
      const full = model.summary();
      assert.ok(found.rows.every((row) => row.depth <= depth));
      assert.equal(
        found.rows.reduce((sum, row) => sum + row.parameters, 0),
        model.numParameters(),
      );
      assert.equal(found.multiplyAdds, full.multiplyAdds);
    });
  }

  it('tells the shapes of outputs, frozen parameters, and sizes other than the configuration’s', () => {
    using model = new ViT({
      imgSize: 16,
      patchSize: 8,
      inChans: 1,
      numClasses: 3,
      embedDim: 8,
      depth: 1,
      numHeads: 2,
      dynamicImgSize: true,
    });
    const frozen = model.freeze('blocks.*');
    const found = model.summary({ imgSize: [24, 16], batchSize: 3 });
    const shapes = new Map(found.rows.map(({ name, outputShape }) => [name, outputShape]));
    assert.deepEqual(shapes.get(''), [3, 3]);
    assert.deepEqual(shapes.get('blocks.0'), [3, 7, 8]);
    assert.deepEqual(shapes.get('blocks'), null);
    const sizes = frozen.map((name) => model.namedParameters().get(name)?.size ?? 0);
    assert.equal(
      found.parameters - found.trainableParameters,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  });

  it('leaves the model as it was', () => {
    using model = small();
    model.train();
    model.summary();
    assert.ok(
      [...model.namedModules().values()].every((module) => module.training && !Object.hasOwn(module, 'forward')),
    );
    assert.throws(() => scope(() => nn.summary(model, randn([1, 2, 16, 16]))), /ViT images/);
    assert.ok(
      [...model.namedModules().values()].every((module) => module.training && !Object.hasOwn(module, 'forward')),
    );
  });

  it('counts every kind of product: convolutions, attention pooling, relative positions, encoders', () => {
    scope(() => {
      using conv = new nn.Conv2d(4, 6, 3, { groups: 2, padding: 1 });
      assert.equal(nn.summary(conv, randn([1, 4, 5, 5])).multiplyAdds, 25 * 6 * 2 * 9);
      const options = {
        imgSize: 16,
        patchSize: 8,
        inChans: 1,
        numClasses: 0,
        embedDim: 8,
        depth: 1,
        numHeads: 2,
      } as const;
      using plain = new ViT(options);
      using pooled = new ViT({ ...options, globalPool: 'map' });
      const more = pooled.summary().multiplyAdds - plain.summary().multiplyAdds;
      assert.equal(more, 64 + 4 * 128 + 2 * 4 * 8 + 64 + 2 * 8 * 32); // q, kv, attention, proj, MLP
      using relative = new ViT({ ...options, posEmbed: 'relative' });
      assert.equal(relative.summary().multiplyAdds - plain.summary().multiplyAdds, 5 * 8 * 9);
      using layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 });
      assert.equal(nn.summary(layer, randn([1, 5, 8])).multiplyAdds, 5 * (4 * 64 + 2 * 128) + 2 * 25 * 8);
      using hybrid = new ViT({ ...options, imgSize: 32, resnetLayers: [], patchSize: 4 });
      const rows = new Map(hybrid.summary().rows.map((row) => [row.name, row.multiplyAdds]));
      assert.equal(rows.get('patch_embed.backbone.conv'), 16 * 16 * 64 * 49);
    });
  });

  it("counts a Swin's windows, which zeros fill up, and version 2's projection and network of positions", () => {
    const options = { imgSize: 12, patchSize: 2, windowSize: 4, embedDim: 8, depths: [1], numHeads: [2] };
    const others = 36 * (12 * 8 + 64 + 2 * 8 * 16); // patches, projection behind attention, MLP
    const windows = 64 * (8 * 24 + 2 * 16 * 8); // a grid of 6 x 6 becomes 8 x 8
    scope(() => {
      for (const [version, more] of [
        [1, 0],
        [2, 49 * 512 * (2 + 2)],
      ] as const) {
        using swin = new nn.Swin({ ...options, version, mlpRatio: 2, numClasses: 0 });
        assert.equal(nn.summary(swin, randn([1, 3, 12, 12])).multiplyAdds, others + windows + more);
      }
    });
  });
});
