import assert from 'node:assert/strict';
import { F, randn, scope, ViT } from '../../../lib/index.js';
import { loadGolden } from '../../golden.js';
import { assertBadInput, assertNear, fromRef, returnsMemory, valuesOf } from '../../native-op.js';
import { drawParameters } from '../drawn-parameters.js';

interface Case {
  n: number | number[];
  reshape: boolean;
  norm: boolean;
}

const CONFIG = {
  imgSize: [16, 24],
  patchSize: 8,
  inChans: 1,
  numClasses: 3,
  embedDim: 8,
  depth: 4,
  numHeads: 2,
  mlpRatio: 2,
  regTokens: 1,
} as const;

describe('what lies inside a ViT', () => {
  returnsMemory();

  for (const { params, tensors } of loadGolden<Case>('vit-intermediate').cases) {
    it(`has timm's intermediate layers: ${JSON.stringify(params.n)}, norm ${params.norm}, reshape ${params.reshape}`, () => {
      using model = new ViT(CONFIG);
      drawParameters(model);
      scope(() => {
        const { n, reshape, norm } = params;
        const layers = model.intermediateLayers(fromRef(tensors.x), n, { reshape, norm });
        assert.equal(layers.length, Object.keys(tensors).length - 1);
        for (const [i, layer] of layers.entries()) assertNear(layer, tensors[`y${i}`], `layer ${i}`);
      });
    });
  }

  it('keeps prefix tokens when asked: the last layer, normed, is forwardFeatures', () => {
    using model = new ViT(CONFIG);
    scope(() => {
      const x = randn([2, 1, 16, 24]);
      const [last] = model.intermediateLayers(x, 1, { norm: true, prefix: true });
      assertNear(last ?? null, valuesOf(model.forwardFeatures(x)), 'features');
    });
  });

  it('says which blocks there are', () => {
    using model = new ViT(CONFIG);
    assertBadInput(() => model.intermediateLayers(randn([1, 1, 16, 24]), [4]), /from -4 to 3 .+ received 4/);
    assertBadInput(() => model.intermediateLayers(randn([1, 1, 16, 24]), 5), /from 1 to 4 .+ received 5/);
  });

  it('rolls attention out: rows are distributions, and one block gives the mean of its map and the identity', () => {
    using model = new ViT({ ...CONFIG, depth: 1 });
    drawParameters(model);
    scope(() => {
      const x = randn([2, 1, 16, 24]);
      const [map] = model.attentionMaps(x);
      assert.ok(map);
      const heads = valuesOf(F.mean(map, { dim: 1 }));
      const tokens = 8;
      const expected = Array.from(heads.data, (value, i) => {
        const [row, column] = [Math.floor(i / tokens) % tokens, i % tokens];
        return (value + (row === column ? 1 : 0)) / 2;
      });
      assertNear(model.attentionRollout(x), { shape: heads.shape, data: expected }, 'rollout');
    });
  });

  it('rolls attention out through all blocks, lowest first', () => {
    using model = new ViT(CONFIG);
    drawParameters(model);
    scope(() => {
      const x = randn([1, 1, 16, 24]);
      const tokens = 8;
      const layers = model.attentionMaps(x).map((map) => {
        const half = F.mul(F.mean(map, { dim: 1 }), 0.5).dataSync();
        return Array.from({ length: tokens }, (_, i) =>
          Array.from({ length: tokens }, (_, j) => (half[i * tokens + j] ?? 0) + (i === j ? 0.5 : 0)),
        );
      });
      const product = layers.reduce((below, layer) =>
        layer.map((row) => row.map((_, j) => row.reduce((sum, value, k) => sum + value * (below[k]?.[j] ?? 0), 0))),
      );
      assertNear(model.attentionRollout(x), { shape: [1, tokens, tokens], data: product.flat() }, 'rollout');
    });
  });
});
