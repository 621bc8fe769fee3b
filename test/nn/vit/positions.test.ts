import assert from 'node:assert/strict';
import { F, randn, scope, type Tensor, tensor, ViT, type ViTOptions } from '../../../lib/index.js';
import { RelativePositions } from '../../../lib/nn/vit/relative-positions.js';
import { assertBadInput, assertNear, assertSameBits, fromRef, returnsMemory, valuesOf } from '../../native-op.js';
import { zeros } from '../../reference/array.js';
import { generator, normal } from '../../reference/random.js';
import { drawParameters } from '../drawn-parameters.js';

const [ROWS, COLUMNS, DIM] = [2, 3, 8];
const BASE = { imgSize: [4 * ROWS, 4 * COLUMNS], patchSize: 4, inChans: 1, numClasses: 3, embedDim: DIM } as const;
const CONFIG = { ...BASE, depth: 2, numHeads: 2, mlpRatio: 2 } satisfies ViTOptions;
const TOKENS = 1 + ROWS * COLUMNS;

const KINDS = ['learned1d', 'learned2d', 'sincos2d', 'relative', 'none'] as const;
const PLACEMENTS = ['stem', 'layers', 'shared'] as const;

function parameter(model: ViT, name: string): Tensor {
  const found = model.namedParameters().get(name);
  assert.ok(found, `no ${name} among ${[...model.namedParameters().keys()].join(', ')}`);
  return found;
}

function drawn(options: ViTOptions): ViT {
  const model = new ViT({ ...CONFIG, ...options });
  drawParameters(model);
  return model.eval();
}

/** Gives `to` every parameter that `from` has under the same name. */
function copyShared(to: ViT, from: ViT): void {
  const own = to.namedParameters();
  for (const [name, { shape }] of from.namedParameters()) {
    if (own.get(name)?.shape.join() === shape.join()) own.get(name)?.set(parameter(from, name).dataSync());
  }
}

/** What a ViT computes, put together from its parts: `before` adds positions in front of each block. */
function compose(model: ViT, images: Tensor, before: (block: number, x: Tensor) => Tensor): Tensor {
  const patches = model.patchEmbed.forward(images);
  const cls = model.clsToken;
  assert.ok(cls);
  let x = F.cat([F.tile(cls, [images.shape[0] ?? 1, 1, 1]), patches], 1);
  for (const [i, block] of [...model.blocks].entries()) x = block.forward(before(i, x));
  return x;
}

describe('position embeddings of ViT', () => {
  returnsMemory();

  for (const posEmbed of KINDS) {
    for (const posEmbedPlacement of PLACEMENTS) {
      it(`${posEmbed}, ${posEmbedPlacement}: trains every parameter, at any size, and loads what it saved`, () => {
        using model = drawn({ posEmbed, posEmbedPlacement, dynamicImgSize: true });
        using copy = drawn({ posEmbed, posEmbedPlacement });
        scope(() => {
          const images = randn([2, 1, 4 * ROWS, 4 * COLUMNS]);
          const logits = model.forward(images);
          model
            .forward(randn([2, 1, 12, 8]))
            .mean()
            .add(logits.mean())
            .backward();
          for (const [name, { grad }] of model.namedParameters()) {
            assert.ok(
              grad?.dataSync().some((value) => value !== 0),
              `no gradient of ${name}`,
            );
          }
          copy.loadStateDict(model.stateDict());
          assertSameBits(copy.forward(images), logits, 'logits of the copy');
          assert.equal(model.attentionMaps(images).length, 2);
        });
      });
    }
  }

  it('go by timm’s name at the stem and shared, by pos_embeds with one for each layer', () => {
    const names = (options: ViTOptions): string[] => {
      using model = new ViT({ ...CONFIG, ...options });
      return [...model.namedParameters().keys()].filter((name) => name.startsWith('pos'));
    };
    assert.deepEqual(names({}), ['pos_embed']);
    assert.deepEqual(names({ posEmbed: 'learn' }), ['pos_embed']);
    assert.deepEqual(names({ posEmbedPlacement: 'shared' }), ['pos_embed']);
    assert.deepEqual(names({ posEmbedPlacement: 'layers' }), ['pos_embeds.0', 'pos_embeds.1']);
    assert.deepEqual(names({ posEmbed: 'learned2d' }), ['pos_embed.x', 'pos_embed.y']);
    assert.deepEqual(names({ posEmbed: 'relative' }), ['pos_embeds.0', 'pos_embeds.1']);
    assert.deepEqual(names({ posEmbed: 'relative', posEmbedPlacement: 'shared' }), ['pos_embed']);
    assert.deepEqual(names({ posEmbed: 'sincos2d' }), []);
    assert.deepEqual(names({ posEmbed: 'none' }), []);
  });

  for (const posEmbedPlacement of PLACEMENTS) {
    it(`learned1d, ${posEmbedPlacement}: is added where it says`, () => {
      using model = drawn({ posEmbedPlacement, finalNorm: false });
      scope(() => {
        const images = randn([2, 1, 4 * ROWS, 4 * COLUMNS]);
        const expected = compose(model, images, (block, x) => {
          if (posEmbedPlacement === 'stem' && block > 0) return x;
          return x.add(parameter(model, posEmbedPlacement === 'layers' ? `pos_embeds.${block}` : 'pos_embed'));
        });
        assertSameBits(model.forwardFeatures(images), expected, 'features');
      });
    });
  }

  /** Compares with learned1d without positions for the class token, whose table is set to `table`. */
  function assertActsAs(model: ViT, table: Tensor): void {
    using learned = drawn({ noEmbedClass: true, posEmbedPlacement: model.config.posEmbedPlacement });
    copyShared(learned, model);
    for (const [name, { size }] of learned.namedParameters()) {
      if (name.startsWith('pos_embed') && size === table.size) parameter(learned, name).set(table.dataSync());
    }
    const images = randn([2, 1, 4 * ROWS, 4 * COLUMNS]);
    assertNear(model.forward(images), valuesOf(learned.forward(images)), 'logits');
  }

  for (const posEmbedPlacement of PLACEMENTS) {
    it(`learned2d, ${posEmbedPlacement}: is the column's vector and the row's, side by side`, () => {
      using model = drawn({ posEmbed: 'learned2d', posEmbedPlacement });
      for (let i = 0; posEmbedPlacement === 'layers' && i < 2; i++) {
        for (const axis of ['x', 'y']) {
          parameter(model, `pos_embeds.${i}.${axis}`).set(parameter(model, `pos_embeds.0.${axis}`).dataSync());
        }
      }
      scope(() => {
        const prefix = posEmbedPlacement === 'layers' ? 'pos_embeds.0' : 'pos_embed';
        const [x, y] = ['x', 'y'].map((axis) => [...parameter(model, `${prefix}.${axis}`).dataSync()]);
        const half = DIM / 2;
        const row = (values: number[] | undefined, i: number): number[] =>
          values?.slice(i * half, (i + 1) * half) ?? [];
        const table = Array.from({ length: ROWS * COLUMNS }, (_, i) => [
          ...row(x, i % COLUMNS),
          ...row(y, Math.floor(i / COLUMNS)),
        ]);
        assertActsAs(model, tensor(table));
      });
    });

    it(`sincos2d, ${posEmbedPlacement}: is sines and cosines of column and row`, () => {
      using model = drawn({ posEmbed: 'sincos2d', posEmbedPlacement });
      scope(() => {
        const table = Array.from({ length: ROWS * COLUMNS }, (_, i) => {
          const [x, y] = [i % COLUMNS, Math.floor(i / COLUMNS)];
          // A quarter of 8 channels is two wavelengths: the fastest and the slowest.
          return [x, x / 1e4]
            .map(Math.sin)
            .concat([x, x / 1e4].map(Math.cos), [y, y / 1e4].map(Math.sin), [y, y / 1e4].map(Math.cos));
        });
        assertActsAs(model, tensor(table));
      });
    });
  }

  it('relative: adds the query’s product with the key of each offset, scaled, for all heads alike', () => {
    const random = generator(5);
    const [B, H, T, D] = [2, 3, 5, 4];
    const q = normal([B, H, T, D], random);
    const table = normal([2 * T - 1, D], random);
    const dy = normal([B, H, T, T], random);
    const y = zeros(dy.shape);
    const [dq, dtable] = [zeros(q.shape), zeros(table.shape)];
    for (let row = 0; row < B * H * T; row++) {
      for (let j = 0; j < T; j++) {
        const key = (T - 1 + j - (row % T)) * D;
        for (let d = 0; d < D; d++) {
          const g = (dy.data[row * T + j] ?? 0) / Math.sqrt(D);
          y.data[row * T + j] += ((q.data[row * D + d] ?? 0) * (table.data[key + d] ?? 0)) / Math.sqrt(D);
          dq.data[row * D + d] += g * (table.data[key + d] ?? 0);
          dtable.data[key + d] += g * (q.data[row * D + d] ?? 0);
        }
      }
    }
    using positions = new RelativePositions(T, D);
    positions.table.set(Float32Array.from(table.data));
    scope(() => {
      const queries = fromRef(q, { requiresGrad: true });
      const scores = positions.forward(queries);
      assertNear(scores, y, 'scores');
      scores.backward(fromRef(dy));
      assertNear(queries.grad, dq, 'gradient of the queries');
      assertNear(positions.table.grad, dtable, 'gradient of the keys');
    });
  });

  it('relative: changes nothing while its keys are zero, and goes in at the blocks that it says', () => {
    using none = drawn({ posEmbed: 'none' });
    using layers = drawn({ posEmbed: 'relative' });
    using shared = drawn({ posEmbed: 'relative', posEmbedPlacement: 'shared' });
    using stem = drawn({ posEmbed: 'relative', posEmbedPlacement: 'stem' });
    for (const model of [layers, shared, stem]) copyShared(model, none);
    scope(() => {
      const images = randn([2, 1, 4 * ROWS, 4 * COLUMNS]);
      const keys = fromRef(normal([2 * TOKENS - 1, DIM / 2], generator(7)));
      const set = (model: ViT, name: string, factor: number) =>
        parameter(model, name).set(F.mul(keys, factor).dataSync());
      for (const i of [0, 1]) set(layers, `pos_embeds.${i}`, 0);
      assertNear(layers.forward(images), valuesOf(none.forward(images)), 'logits with zero keys');
      set(layers, 'pos_embeds.0', 1);
      set(stem, 'pos_embed', 1);
      set(shared, 'pos_embed', 1);
      assertNear(stem.forward(images), valuesOf(layers.forward(images)), 'logits with keys in the first block');
      const one = stem.forward(images);
      assert.notDeepEqual(one.dataSync(), none.forward(images).dataSync());
      set(layers, 'pos_embeds.1', 1);
      assertSameBits(shared.forward(images), layers.forward(images), 'logits with the same keys everywhere');
      assert.notDeepEqual(one.dataSync(), shared.forward(images).dataSync());
    });
  });

  it('refuses widths that an embedding cannot have', () => {
    assertBadInput(() => new ViT({ ...CONFIG, embedDim: 6, posEmbed: 'sincos2d' }), /that 4 divides .+ received 6/);
    assertBadInput(() => new ViT({ ...CONFIG, embedDim: 9, numHeads: 3, posEmbed: 'learned2d' }), /an even embedDim/);
    assertBadInput(() => new ViT({ ...CONFIG, posEmbed: 'fourier' as never }), /'learned1d', 'learned2d'/);
    assertBadInput(() => new ViT({ ...CONFIG, posEmbedPlacement: 'head' as never }), /'stem', 'layers', 'shared'/);
  });
});
