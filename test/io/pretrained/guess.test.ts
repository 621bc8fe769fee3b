import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { io, noGrad, randn, scope, ViT, type ViTOptions } from '../../../lib/index.js';
import * as init from '../../../lib/nn/init.js';
import { returnsMemory } from '../../native-op.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';
import { goldenPath } from './fixtures.js';

const base = { imgSize: 32, patchSize: 8, numClasses: 5, embedDim: 64, depth: 1, numHeads: 1 } as const;

describe('a checkpoint that does not tell all of its model', () => {
  returnsMemory();
  const path = temporaryDirectory();

  /** Writes the weights of a model as another library would: without a word of ours. */
  async function foreign(
    name: string,
    options: ViTOptions,
    config?: object,
  ): Promise<{ file: string; positions: number[] }> {
    using model = new ViT({ ...base, ...options });
    for (const parameter of model.parameters()) init.normal(parameter, 0, 0.3);
    mkdirSync(path(name));
    await io.saveSafetensors(path(`${name}/model.safetensors`), model.stateDict(), { format: 'pt' });
    if (config !== undefined) writeFileSync(path(`${name}/config.json`), JSON.stringify(config));
    return { file: path(name), positions: [...(model.posEmbed?.dataSync() ?? [])] };
  }
  const positionsOf = (model: ViT): number[] => [...(model.posEmbed?.dataSync() ?? [])];
  const load = async (file: string, options: ViTOptions = {}): Promise<{ told: string[]; config: ViT['config'] }> => {
    let config: ViT['config'] | undefined;
    const told = await warningsOf(async () => {
      using model = await ViT.fromPretrained(file, options);
      config = model.config;
    });
    return { told, config: config ?? assert.fail() };
  };

  it('is told of in one warning, with all that was assumed', async () => {
    const { file } = await foreign('lone', {});
    const { told } = await load(file);
    assert.equal(told.length, 1);
    const assumed =
      'globalPool: "token", normEps: 0.000001, act: "gelu", numHeads: 1, imgSize: [32,32] (positions of 4 x 4 patches)';
    assert.ok(told[0]?.includes(`does not tell all of its model; assumed ${assumed}. Give what is otherwise`), told[0]);
  });

  it('is not told of where the caller said it', async () => {
    const { file } = await foreign('said', {});
    const told = await load(file, { numHeads: 1, normEps: 1e-6, act: 'gelu', globalPool: 'token', imgSize: 32 });
    assert.deepEqual(told.told, []);
    const other = await load(file, { numHeads: 4, normEps: 1e-5, act: 'relu', globalPool: 'token', imgSize: 32 });
    assert.deepEqual([other.config.numHeads, other.config.normEps, other.config.act], [4, 1e-5, 'relu']);
  });

  it('is certain where a library or its files leave no doubt', async () => {
    for (const file of ['hf-vit', 'hf-deit', 'google-vit.npz']) {
      const { told } = await load(goldenPath(file), file.startsWith('google') ? { imgSize: 32 } : {});
      assert.deepEqual(told, [], file);
    }
    const { told } = await load(goldenPath('torchvision-vit.safetensors'), { numHeads: 3 });
    assert.deepEqual(told, []);
  });

  it('assumes an image size where there are no positions, and says so', async () => {
    const { file } = await foreign('none', { posEmbed: 'none', imgSize: 224 });
    const { told, config } = await load(file, { posEmbed: 'none' });
    assert.match(told[0] ?? '', /imgSize: \[224,224\]\./);
    assert.equal(config.imgSize, 224);
  });

  it('may not be contradicted by the caller', async () => {
    const { file } = await foreign('contradicted', {});
    const refused = (options: ViTOptions, text: RegExp) => assert.rejects(ViT.fromPretrained(file, options), text);
    await refused(
      { depth: 2 },
      /Expected depth: 1, as its weights have it, for .* the option depth: 2\. Leave that option out/,
    );
    await refused({ embedDim: 32 }, /embedDim: 64/);
    await refused({ patchSize: 16 }, /patchSize: \[8,8\]/);
    await refused({ qkNorm: true }, /qkNorm: false/);
    await refused({ initValues: 1e-5 }, /initValues: none/);
    await refused({ mlpRatio: 2 }, /mlpRatio: 4/);
    await refused({ fcNorm: true }, /fcNorm: false/);
    const described = await foreign('described', {}, { architecture: 'vit_tiny_patch16_224', global_pool: 'token' });
    await assert.rejects(ViT.fromPretrained(described.file, { numHeads: 1 }), /numHeads: 3|heads/);
  });

  it('has an MLP of just the width of its weights', async () => {
    for (const hidden of [1, 49, 103, 107, 191]) {
      const { file } = await foreign(`hidden-${hidden}`, { mlpRatio: (hidden + 0.5) / 64 });
      const { config } = await load(file);
      assert.equal(Math.floor(64 * config.mlpRatio), hidden);
    }
  });

  describe('of positions for a rectangle', () => {
    // As many patches as a square has.
    const imgSize = [16, 64] as const;

    it('believes the caller before a square, and resamples nothing', async () => {
      const { file, positions } = await foreign('rectangle', { imgSize });
      const told = await warningsOf(async () => {
        using model = await ViT.fromPretrained(file, { imgSize });
        assert.deepEqual(positionsOf(model), positions);
        assert.deepEqual(model.grid, [2, 8]);
      });
      assert.doesNotMatch(told.join(), /imgSize/);
    });

    it('says that it takes them for a square where nothing tells', async () => {
      const { file, positions } = await foreign('square', { imgSize });
      const told = await warningsOf(async () => {
        using model = await ViT.fromPretrained(file);
        assert.deepEqual(positionsOf(model), positions);
        assert.deepEqual(model.grid, [4, 4]);
        using larger = await ViT.fromPretrained(file, { imgSize: 48 });
        assert.deepEqual(larger.grid, [6, 6]);
      });
      assert.match(told.join(), /imgSize: \[32,32\] \(positions of 4 x 4 patches\)/);
    });

    it('asks for the image size where they are for no square', async () => {
      const options = { imgSize: [16, 48] } as const;
      const { file, positions } = await foreign('oblong', options);
      const advice =
        /12 positions|13 positions.*Give the image size that the positions were learned for as option imgSize/;
      await assert.rejects(ViT.fromPretrained(file), advice);
      await assert.rejects(ViT.fromPretrained(file, { imgSize: 32 }), advice);
      using model = await ViT.fromPretrained(file, options);
      assert.deepEqual(positionsOf(model), positions);
    });

    it('believes a config.json before the caller, and resamples from its grid', async () => {
      using model = new ViT({ ...base, imgSize });
      await model.save(path('hf'), { layout: 'hf' });
      using larger = await ViT.fromPretrained(path('hf'), { imgSize: [32, 64] });
      assert.deepEqual(larger.grid, [4, 8]);
      const told = await warningsOf(async () => {
        using square = await ViT.fromPretrained(path('hf'), { imgSize: 32 });
        assert.deepEqual(positionsOf(square), positionsOf(model));
      });
      assert.match(told.join(), /positions of 2 x 8 patches stand for 4 x 4, in reading order/);
    });

    it('takes images of other sizes all the same', async () => {
      using model = new ViT({ ...base, imgSize, dynamicImgSize: true });
      await model.save(path('dynamic.safetensors'));
      using again = await ViT.fromPretrained(path('dynamic.safetensors'));
      scope(() => assert.deepEqual(noGrad(() => again.forward(randn([1, 3, 40, 24]))).shape, [1, 5]));
    });
  });
});
