import assert from 'node:assert/strict';
import { benchModel, forwardFlops, tokensOf } from '../../bench/model.js';
import { buildModel, wholeFlops, wholeModel } from '../../bench/whole-model.js';
import { nn, randn, scope } from '../../lib/index.js';

describe('the models of the benchmarks', () => {
  // Multiply-adds that the papers and timm tell, twice.
  const published: readonly (readonly [name: string, gigaflops: number])[] = [
    ['Ti/16', 2 * 1.26],
    ['S/16', 2 * 4.61],
    ['B/16', 2 * 17.58],
    ['vit_base_patch16_384', 2 * 55.5],
    ['DINOv2-S/14', 2 * 46.76],
    ['Swin-T', 2 * 4.51],
    ['Swin-B', 2 * 15.47],
    ['swin_base_patch4_window12_384', 2 * 47.19],
  ];
  for (const [name, gigaflops] of published) {
    it(`counts the operations of ${name} as published`, () => {
      const counted = wholeFlops(wholeModel(name).sizes) / 1e9;
      assert.ok(Math.abs(counted / gigaflops - 1) < 0.01, `${counted} for ${gigaflops}`);
    });
  }

  it('counts those of a model of one block by hand', () => {
    const sizes = { ...benchModel('tiny').sizes, depth: 1 };
    // 5 tokens of width 8: patches 4x16x8, qkv 8x24, proj 8x8, mlp 2 of 8x32, scores and values 2 of 5x5x8, head 8x10.
    const products = 4 * 16 * 8 + 5 * (8 * 24 + 8 * 8 + 2 * 8 * 32) + 2 * 5 * 5 * 8 + 8 * 10;
    assert.equal(forwardFlops(sizes), 2 * products);
  });

  it("counts those of a Swin as its layers' own shapes do", () => {
    const small = { embedDim: 8, depths: [2, 1, 1], numHeads: [1, 2, 4], windowSize: 4, mlpRatio: 2 };
    const sizes = { imgSize: 32, patchSize: 2, inChans: 3, numClasses: 5, ...small };
    using model = buildModel(sizes);
    assert.ok(model instanceof nn.Swin);
    scope(() => assert.equal(wholeFlops(sizes), 2 * nn.summary(model, randn([1, 3, 32, 32])).multiplyAdds));
  });

  it('builds them as they are counted', () => {
    const { sizes } = wholeModel('DINOv2-S/14', { img: 28 });
    using model = buildModel({ ...sizes, embedDim: 12 } as typeof sizes);
    assert.deepEqual([...model.stateDict().keys()].filter((name) => /ls1|head|^pos/.test(name)).slice(0, 2), [
      'pos_embed',
      'blocks.0.ls1.gamma',
    ]);
    assert.deepEqual(wholeModel('Swin-T').sizes, wholeModel('swin_tiny_patch4_window7_224').sizes);
    assert.throws(() => wholeModel('Swin-T', { img: 30 }), /patch size 4/);
    assert.throws(() => wholeModel('swin_x'), /Expected a model name/);
  });

  it('knows names in several ways', () => {
    assert.deepEqual(benchModel('Ti/16').sizes, benchModel('vit_tiny_patch16_224').sizes);
    assert.equal(tokensOf(benchModel('B/16').sizes), 197);
    assert.equal(tokensOf(benchModel('digits').sizes), 17);
  });

  it('lets sizes be overridden', () => {
    const { sizes } = benchModel('Ti/16', { img: 32, patch: 4, classes: 10 });
    assert.deepEqual([sizes.imgSize, sizes.patchSize, sizes.numClasses, sizes.embedDim], [32, 4, 10, 192]);
  });

  it('refuses other names, and patches that do not divide the image', () => {
    assert.throws(() => benchModel('X/16'), /^TypeError: Expected 'digits', .* for --model but received 'X\/16'\.$/);
    assert.throws(() => benchModel('Ti/16', { img: 100 }), /patch size 16/);
  });
});
