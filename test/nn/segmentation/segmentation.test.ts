import assert from 'node:assert/strict';
import { F, nn, randn, render, scope, tensor, ViT, zeros } from '../../../lib/index.js';
import { assertBadInput, returnsMemory } from '../../native-op.js';

const vit = () => new ViT({ imgSize: 8, patchSize: 4, inChans: 1, embedDim: 8, depth: 2, numHeads: 2, numClasses: 0 });
const swin = () =>
  new nn.Swin({
    ...{ imgSize: 8, patchSize: 2, inChans: 1, embedDim: 4, depths: [1, 1], numHeads: [1, 2], windowSize: 2 },
    numClasses: 0,
  });

describe('segmentation', () => {
  returnsMemory();

  for (const [name, make, reductions] of [
    ['ViT', vit, [4, 4]],
    ['Swin', swin, [2, 4]],
  ] as const) {
    it(`gives logits for each pixel and a gradient for every parameter: ${name}`, () => {
      using described = make();
      const info = described.featureInfo(2);
      assert.deepEqual(
        info.map(({ reduction }) => reduction),
        reductions,
      );
      const inChannels = info.map(({ channels }) => channels);
      for (const head of [
        new nn.LinearDecodeHead({ inChannels, numClasses: 3 }),
        new nn.UPerHead({ inChannels, numClasses: 3, channels: 4, poolScales: [1, 2] }),
      ]) {
        using model = new nn.SegmentationModel(make(), head, { outIndices: 2, norm: true });
        scope(() => {
          const logits = model.forward(randn([2, 1, 8, 8]));
          assert.deepEqual([...logits.shape], [2, 3, 8, 8]);
          F.crossEntropy(logits, zeros([2, 8, 8], { dtype: 'int32' }), { ignoreIndex: 255 }).backward();
        });
        const unmoved = [...model.namedParameters()].filter(([, { grad }]) => grad === null).map(([key]) => key);
        assert.deepEqual(unmoved, []);
      }
    });
  }

  it('reads the last three blocks of a ViT and all stages of a Swin unless told', () => {
    using deep = new ViT({ imgSize: 8, patchSize: 4, embedDim: 4, depth: 5, numHeads: 1 });
    using stages = swin();
    const indices = (model: nn.PyramidBackbone) => model.featureInfo().map(({ index }) => index);
    assert.deepEqual(
      [indices(deep), indices(stages)],
      [
        [2, 3, 4],
        [0, 1],
      ],
    );
  });

  it('refuses layers that are none, and maps that the head does not know', () => {
    using backbone = vit();
    using head = new nn.LinearDecodeHead({ inChannels: [8], numClasses: 2 });
    assertBadInput(() => backbone.featurePyramid(zeros([1, 1, 8, 8]), { outIndices: [2] }), /outIndices/);
    assertBadInput(() => new nn.SegmentationModel(backbone, head, { outIndices: [5] }), /outIndices/);
    assertBadInput(() => head.forward([]), /1 maps for LinearDecodeHead/);
    assertBadInput(() => head.forward([zeros([1, 4, 2, 2])]), /map 0 of LinearDecodeHead/);
    assertBadInput(() => new nn.UPerHead({ inChannels: [], numClasses: 2 }), /at least one map/);
  });

  it('is drawn beside the images, each class in its colour', async () => {
    const images = zeros([1, 1, 1, 2]);
    const classes = tensor(Int32Array.of(1, -100), [1, 1, 2]);
    const png = await render.segmentation(images, [classes], { opacity: 1 });
    const { default: sharp } = await import('sharp');
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const at = (x: number) => [...data.subarray(3 * x, 3 * x + 3)];
    assert.deepEqual([info.width, info.height], [2 * 128 + 4, 64]);
    assert.deepEqual(
      [at(0), at(132), at(259)],
      [
        [128, 128, 128],
        [128, 0, 0],
        [128, 128, 128],
      ],
    );
    for (const tensor of [images, classes]) tensor.dispose();
  });
});
