import assert from 'node:assert/strict';
import { F, manualSeed, randn, scope, ViT, type ViTOptions } from '../../../lib/index.js';
import { assertBadInput, assertNear, returnsMemory, valuesOf } from '../../native-op.js';
import { drawParameters } from '../drawn-parameters.js';

const CONFIG = {
  imgSize: 16,
  patchSize: 8,
  inChans: 1,
  numClasses: 3,
  embedDim: 8,
  depth: 1,
  numHeads: 2,
} satisfies ViTOptions;

describe('image sizes of ViT', () => {
  returnsMemory();

  it('are the configuration’s unless dynamic, and the error says so', () => {
    using model = new ViT(CONFIG);
    assertBadInput(
      () => model.forward(randn([1, 1, 16, 24])),
      /\(\*,1,16,16\) for ViT images .+\(1,1,16,24\).+dynamicImgSize/,
    );
    assertBadInput(() => model.forward(randn([1, 3, 16, 16])), /\(\*,1,\*,\*\) for ViT images/);
  });

  it('must be whole patches unless padded, and the error says so', () => {
    using model = new ViT({ ...CONFIG, dynamicImgSize: true });
    assertBadInput(() => model.forward(randn([1, 1, 16, 20])), /8 x 8 divides .+received 16 x 20.+dynamicImgPad/);
    assertBadInput(() => new ViT({ ...CONFIG, imgSize: 20 }), /8 x 8 divides .+received 20 x 20.+dynamicImgPad/);
    const hybrid = { ...CONFIG, resnetLayers: [], patchSize: 2, imgSize: 20 };
    assertBadInput(() => new ViT(hybrid), /2 x 2 divides .+20 x 20, of which the stem makes 5 x 5/);
  });

  for (const patchEmbed of ['conv', 'unfold'] as const) {
    it(`padded, give what images with zeros around them give: ${patchEmbed}`, () => {
      using model = new ViT({ ...CONFIG, imgSize: [13, 16], dynamicImgPad: true, patchEmbed });
      drawParameters(model);
      assert.deepEqual(model.grid, [2, 2]);
      scope(() => {
        const image = randn([2, 1, 13, 16]);
        const whole = F.pad(image, [0, 3, 0, 0]);
        using plain = new ViT({ ...CONFIG, patchEmbed });
        drawParameters(plain);
        assertNear(model.forward(image), valuesOf(plain.forward(whole)), 'logits');
      });
    });
  }

  it('change with the same weights: a constant table of positions stays constant', () => {
    using model = new ViT({
      ...CONFIG,
      dynamicImgSize: true,
      globalPool: 'avg',
      classToken: false,
      posEmbed: 'learned1d',
    });
    using without = new ViT({
      ...CONFIG,
      dynamicImgSize: true,
      globalPool: 'avg',
      classToken: false,
      posEmbed: 'none',
    });
    scope(() => {
      const values = model.namedParameters();
      for (const [name, parameter] of without.namedParameters()) parameter.set(values.get(name)?.dataSync() ?? []);
      model.posEmbed?.set(new Float32Array(model.posEmbed.size).fill(0));
      const image = randn([1, 1, 40, 24]);
      assertNear(model.forward(image), valuesOf(without.forward(image)), 'logits');
    });
  });

  it('of hybrids may be dynamic too', () => {
    manualSeed(1);
    using model = new ViT({ ...CONFIG, resnetLayers: [], patchSize: 2, dynamicImgSize: true });
    scope(() => {
      assert.deepEqual([...model.forwardFeatures(randn([1, 1, 24, 40])).shape], [1, 1 + 3 * 5, 8]);
    });
  });

  it('do not combine with options that contradict each other', () => {
    assertBadInput(() => new ViT({ ...CONFIG, distilled: true, globalPool: 'avg' }), /a distilled ViT/);
    assertBadInput(() => new ViT({ ...CONFIG, distilled: true, representationSize: 4 }), /no representationSize/);
    assertBadInput(() => new ViT({ ...CONFIG, classToken: false }), /a ViT without class token/);
    assertBadInput(() => new ViT({ ...CONFIG, classToken: 'no' as never }), /true or false for ViT classToken/);
    assertBadInput(() => new ViT({ ...CONFIG, resnetLayers: [1, 1, 1, 1, 1] }), /at most 4/);
    assertBadInput(
      () => new ViT({ ...CONFIG, globalPool: 'mean' as never }),
      /'token', 'avg', 'avgmax', 'max', 'tokenavg', 'map', ''/,
    );
    using model = new ViT(CONFIG);
    assertBadInput(() => model.forwardDistilled(randn([1, 1, 16, 16])), /distilled: true/);
  });
});
