import assert from 'node:assert/strict';
import { decode } from 'fast-png';
import { manualSeed, randn, render, type Tensor, tensor, ViT } from '../../lib/index.js';
import { principalComponents } from '../../lib/render/principal-components.js';
import { scatter } from '../../lib/render/scatter.js';
import { returnsMemory } from '../native-op.js';

const options = { imgSize: 8, patchSize: 2, embedDim: 12, depth: 3, numHeads: 2, numClasses: 4 } as const;

/** Sets a parameter by a function of the place in it. */
function set(model: ViT, name: string, value: (i: number) => number): void {
  const parameter = model.stateDict().get(name) ?? assert.fail(`no ${name}`);
  parameter.set(Float32Array.from({ length: parameter.size }, (_, i) => value(i)));
}

/** A model of one head whose patches all attend to patch `to` alone. */
function looksAt(to: number): ViT {
  const model = new ViT({ ...options, embedDim: 4, depth: 1, numHeads: 1, posEmbed: 'learned1d', qkvBias: true });
  set(model, 'blocks.0.norm1.weight', () => 1);
  set(model, 'patch_embed.proj.weight', () => 0);
  set(model, 'patch_embed.proj.bias', () => 0);
  set(model, 'cls_token', () => 0);
  // Every token is (1,-1,0,0), but one is (-1,1,0,0); the queries are constant, and the keys the tokens.
  set(model, 'pos_embed', (i) => ([1, -1][i % 4] ?? 0) * (Math.floor(i / 4) === to + 1 ? -1 : 1));
  set(model, 'blocks.0.attn.qkv.weight', (i) => (i >= 16 && i < 32 && (i - 16) % 5 === 0 ? 1 : 0));
  set(model, 'blocks.0.attn.qkv.bias', (i) => (i === 0 ? -100 : 0));
  return model;
}

describe('render', () => {
  returnsMemory(); // looks once the inner hooks are done

  describe('pictures of a model', () => {
    let model: ViT;
    let image: Tensor;

    beforeEach(() => {
      manualSeed(2);
      model = new ViT(options);
      image = randn([1, 3, 8, 8]);
    });
    afterEach(() => {
      model.dispose();
      image.dispose();
    });

    it('lays attention over the image, enlarged to be seen', async () => {
      for (const choice of [{}, { layer: 0, head: 1 }, { layer: -1 }, { layer: 'rollout' }] as const) {
        const { width, height, channels } = decode(await render.attention(model, image, choice));
        assert.deepEqual([width, height, channels], [224, 224, 3]);
      }
      assert.equal(model.training, true);
    });

    it('shows the patch that is looked at brightest', async () => {
      using looking = looksAt(6); // row 1, column 2
      using black = tensor(new Float32Array(192).fill(-1), [1, 3, 8, 8]);
      const { data, width } = decode(await render.attention(looking, black));
      const green = (row: number, column: number): number => data[(row * width + column) * 3 + 1];
      const middle = (patch: number): number => patch * 56 + 28;
      assert.ok(green(middle(1), middle(2)) > 110);
      assert.ok(green(middle(3), middle(0)) < 10);
    });

    it('refuses several images, and layers and heads that are none', async () => {
      using two = randn([2, 3, 8, 8]);
      await assert.rejects(render.attention(model, two), /one image \(1,C,H,W\)/);
      await assert.rejects(render.attention(model, image, { layer: 3 }), /from -3 to 2/);
      await assert.rejects(render.attention(model, image, { head: 2 }), /from 0 to 1/);
    });

    it('measures how far heads look, in pixels', async () => {
      using looking = looksAt(5); // row 1, column 1: 2 pixels a patch
      const [[distance] = []] = await render.attentionDistances(looking, image);
      const places = Array.from({ length: 16 }, (_, i) => 2 * Math.hypot(Math.floor(i / 4) - 1, (i % 4) - 1));
      const mean = places.reduce((sum, value) => sum + value, 0) / 16;
      assert.ok(Math.abs((distance ?? 0) - mean) < 1e-3, `${distance} and ${mean}`);
      const layers = await render.attentionDistances(model, image);
      assert.deepEqual(
        layers.map((heads) => heads.length),
        [2, 2, 2],
      );
      const { width, height } = decode(await render.attentionDistance(model, image));
      assert.deepEqual([width, height], [640, 440]);
      using larger = randn([1, 3, 16, 16]);
      await assert.rejects(render.attentionDistances(model, larger), /images of 8 x 8/);
    });

    it('draws a map for each position, alike where the embeddings are', async () => {
      set(model, 'pos_embed', (i) => Math.sin(i));
      set(model, 'pos_embed', (i) => (Math.floor(i / 12) % 2 === 0 ? 1 : -1));
      const { data, width } = decode(await render.positionSimilarity(model));
      const cell = Math.floor(900 / 20);
      const pixel = (patch: number): number[] => {
        const at = (Math.floor(patch / 4) * cell * width + (patch % 4) * cell) * 3;
        return [...data.subarray(at, at + 3)];
      };
      assert.deepEqual(pixel(0), [253, 231, 37]); // itself
      assert.deepEqual(pixel(1), [68, 1, 84]); // its opposite
      using without = new ViT({ ...options, posEmbed: 'sincos2d' });
      await assert.rejects(render.positionSimilarity(without), /learned1d.*sincos2d/);
    });

    it('draws as many filters as there are components', async () => {
      const { width, height } = decode(await render.patchFilters(model));
      assert.deepEqual([width, height], [7 * 64 + 6 * 2, 2 * 64 + 2]); // 12 components in rows of 7
      const { width: one } = decode(await render.patchFilters(model, { count: 1 }));
      assert.equal(one, 64);
      await assert.rejects(render.patchFilters(model, { count: 0 }), /count/);
    });
  });
});

describe('principalComponents', () => {
  returnsMemory();

  it('finds planted directions in order, upright', async () => {
    const directions = [
      [0.6, 0.8, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [-0.8, 0.6, 0, 0, 0],
    ];
    const sizes = [10, 3, 1];
    // Rows at plus and minus each direction have these as their components, around any mean.
    const rows = directions.flatMap((direction, i) =>
      [1, -1].map((sign) => direction.map((value, j) => j + sign * sizes[i] * value)),
    );
    using x = tensor(rows);
    const found = await principalComponents(x, 3);
    const expected = [directions[0], directions[1], directions[2].map((value) => -value)];
    for (const [i, component] of found.entries()) {
      for (const [j, value] of component.entries()) {
        assert.ok(Math.abs(value - expected[i]?.[j]) < 1e-5, `${i}: ${component}`);
      }
    }
  });

  it('gives orthogonal directions where the matrix has fewer of its own', async () => {
    using x = tensor([
      [1, 2, 3, 4],
      [2, 4, 6, 8],
      [3, 6, 9, 12],
    ]);
    const found = await principalComponents(x, 3);
    for (const [i, a] of found.entries()) {
      for (const [j, b] of found.entries()) {
        const product = a.reduce((sum, value, k) => sum + value * b[k], 0);
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-9);
      }
    }
  });
});

describe('scatter', () => {
  it('puts dots where they belong between numbered axes', () => {
    const { data, width } = scatter([
      [0, 0],
      [2, 10],
    ]);
    const dot = (x: number, y: number): number[] => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
    assert.ok(dot(76, 400)[2] > dot(76, 400)[0]); // blue at the origin
    assert.ok(dot(608, 20)[2] > dot(608, 20)[0]); // and at the upper right
    assert.deepEqual(dot(300, 200 + 7), [255, 255, 255]);
  });
});
