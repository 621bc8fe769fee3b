import assert from 'node:assert/strict';
import { type nn, randn, scope, ViT } from '../../../lib/index.js';
import { loadGolden } from '../../golden.js';
import { assertBadInput, assertNear, fromRef, returnsMemory, valuesOf } from '../../native-op.js';
import { drawParameters } from '../drawn-parameters.js';

interface Case {
  pool: nn.FeaturePool;
  layers: number | number[] | null;
  normalize: boolean;
  reg_tokens?: number;
  global_pool?: 'token' | 'avg' | 'map';
  class_token?: boolean;
  fc_norm?: boolean;
  distilled?: boolean;
}

const CONFIG = {
  imgSize: [16, 24],
  patchSize: 8,
  inChans: 1,
  numClasses: 3,
  embedDim: 8,
  depth: 3,
  numHeads: 2,
  mlpRatio: 2,
} as const;

function build({ reg_tokens = 0, global_pool = 'token', class_token = true, fc_norm, distilled = false }: Case): ViT {
  return new ViT({
    ...CONFIG,
    regTokens: reg_tokens,
    globalPool: global_pool,
    classToken: class_token,
    fcNorm: fc_norm,
    distilled,
  });
}

const images = () => randn([2, 1, 16, 24]);

describe('features of a ViT', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('vit-features').cases) {
    const { pool, layers, normalize, global_pool = 'token', distilled = false } = params;
    it(`are timm's: ${pool} of layers ${JSON.stringify(layers)}, ${normalize ? 'length 1, ' : ''}${distilled ? 'distilled' : global_pool}`, () => {
      using model = build(params);
      drawParameters(model);
      scope(() => {
        const features = model.features(fromRef(tensors.x), { pool, normalize, ...(layers !== null && { layers }) });
        assertNear(features, tensors.y, 'features');
      });
    });
  }

  it('are those of evaluation and record nothing, unless gradients are asked for', () => {
    using model = new ViT({ ...CONFIG, posDropRate: 0.5 });
    drawParameters(model);
    model.train();
    scope(() => {
      const x = images();
      const features = model.features(x);
      assert.equal(features.requiresGrad, false);
      assert.equal(model.training, true);
      assert.deepEqual(valuesOf(model.features(x)), valuesOf(features)); // no dropout
      model.features(x, { grad: true, layers: 2, pool: 'mean', normalize: true }).sum().backward();
      assert.ok(model.namedParameters().get('patch_embed.proj.weight')?.grad);
    });
  });

  it('refuse what there is not', () => {
    using model = new ViT({ ...CONFIG, classToken: false, globalPool: 'avg' });
    const features = (options: object) => () => model.features(images(), options);
    assertBadInput(features({ pool: 'cls' }), /'head', 'mean', 'max' or 'none' for features pool of a model without/);
    assertBadInput(features({ pool: 'token' }), /one of 'head', 'cls'/);
    assertBadInput(features({ layers: 4 }), /from 1 to 3 .+ received 4/);
    assertBadInput(features({ normalise: true }), /Did you mean normalize\?/);
  });
});
