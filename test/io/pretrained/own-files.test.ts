import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { io, manualSeed, noGrad, scope, ViT, type ViTConfig, type ViTOptions } from '../../../lib/index.js';
import { objections, type SavedLayout, savedLayouts } from '../../../lib/io/pretrained/layouts/objections.js';
import * as init from '../../../lib/nn/init.js';
import { randn } from '../../../lib/ops/random.js';
import { returnsMemory } from '../../native-op.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { warningsOf } from '../warnings-of.js';

const base = { imgSize: 16, patchSize: 4, numClasses: 10, embedDim: 24, depth: 2, numHeads: 1 } as const;

// The families, by the options that make them.
const dinov2 = { numClasses: 0, initValues: 1 } as const;
const registers = { numClasses: 0, initValues: 1, regTokens: 4, keyBias: false, normEps: 1e-5 } as const;
const dinov3 = { ...registers, posEmbed: 'none', rope: 'dinov3', numHeads: 2 } as const;
const eva02 = { keyBias: false, rope: 'eva', mlpLayer: 'swiglu', mlpNorm: true, numHeads: 2 } as const;
const clip = { preNorm: true, headBias: false, normEps: 1e-5 } as const;
const beit = { keyBias: false, initValues: 1, relPosBias: 'layers', posEmbed: 'none', globalPool: 'avg' } as const;

/** For every option, which the type checker sees to, models in which it is not as usual. */
const models: { readonly [Name in keyof Required<ViTConfig>]: readonly ViTOptions[] } = {
  imgSize: [{ imgSize: [8, 32] }, { imgSize: [8, 16] }, { imgSize: [4, 16] }],
  patchSize: [{ patchSize: [2, 8] }, { patchSize: 8 }],
  inChans: [{ inChans: 1 }, { inChans: 5 }],
  numClasses: [{ numClasses: 0 }, { numClasses: 1 }],
  embedDim: [{ embedDim: 40 }],
  depth: [{ depth: 1 }],
  numHeads: [{ numHeads: 2 }, { numHeads: 4 }, { numHeads: 24 }],
  mlpRatio: [{ mlpRatio: 2.67 }, { mlpRatio: 49 / 24 }],
  qkvBias: [{ qkvBias: false }],
  qkNorm: [{ qkNorm: true, numHeads: 2 }],
  projBias: [{ projBias: false }],
  initValues: [{ initValues: 0.1 }],
  classToken: [{ classToken: false, globalPool: 'avg' }],
  globalPool: [
    ...(['avg', 'avgmax', 'max', 'tokenavg', 'map', ''] as const).map((globalPool) => ({ globalPool })),
    { globalPool: 'map', numHeads: 3, act: 'relu', normEps: 1e-2 },
    { globalPool: 'map', classToken: false, numClasses: 0 },
    { globalPool: 'avg', classToken: false, fcNorm: false },
  ],
  noEmbedClass: [{ noEmbedClass: true }, { noEmbedClass: true, regTokens: 3 }],
  regTokens: [{ regTokens: 1 }, { regTokens: 4 }],
  preNorm: [{ preNorm: true }],
  finalNorm: [{ finalNorm: false }, { finalNorm: false, globalPool: 'avg' }],
  fcNorm: [{ fcNorm: true }, { fcNorm: false, globalPool: 'avg' }, { fcNorm: false, globalPool: 'max' }],
  normEps: [{ normEps: 1e-2 }, { normEps: 0 }],
  act: [{ act: 'relu' }, { act: 'gelu_tanh' }],
  dropRate: [{ dropRate: 0.1 }],
  posDropRate: [{ posDropRate: 0.2 }],
  projDropRate: [{ projDropRate: 0.3 }],
  attnDropRate: [{ attnDropRate: 0.4 }],
  dropPathRate: [{ dropPathRate: 0.5 }],
  patchEmbed: [{ patchEmbed: 'unfold' }],
  posEmbed: (['learned1d', 'learned2d', 'sincos2d', 'relative', 'none'] as const).map((posEmbed) => ({ posEmbed })),
  posEmbedPlacement: (['learned1d', 'learned2d', 'sincos2d', 'relative'] as const).flatMap((posEmbed) =>
    (['stem', 'layers', 'shared'] as const).map((posEmbedPlacement) => ({ posEmbed, posEmbedPlacement })),
  ),
  dynamicImgSize: [{ dynamicImgSize: true }],
  dynamicImgPad: [
    { dynamicImgPad: true },
    { dynamicImgPad: true, imgSize: 15 },
    { dynamicImgPad: true, imgSize: [7, 31] },
  ],
  distilled: [{ distilled: true }, { distilled: true, regTokens: 2 }, { distilled: true, fcNorm: true }],
  representationSize: [{ representationSize: 7 }, { representationSize: 24 }],
  resnetLayers: [
    { resnetLayers: [], imgSize: 32, patchSize: 4 },
    { resnetLayers: [1, 1], imgSize: 64, patchSize: 2 },
  ],
  weightInit: [{ weightInit: 'jax' }, { weightInit: 'reset' }],
  normLayer: [{ normLayer: 'rmsnorm' }, { normLayer: 'rmsnorm', qkNorm: true, globalPool: 'avg' }],
  mlpLayer: [
    { mlpLayer: 'swiglu' },
    { ...dinov2, mlpLayer: 'swiglu', mlpRatio: 64 / 24 },
    { ...dinov3, mlpLayer: 'swiglu' },
    { ...eva02, mlpNorm: false },
    { ...beit, mlpLayer: 'swiglu' },
  ],
  mlpNorm: [{ mlpNorm: true }, { mlpNorm: true, mlpLayer: 'swiglu' }, eva02],
  attnNorm: [{ attnNorm: true }, { ...eva02, attnNorm: true }],
  keyBias: [{ keyBias: false }, { keyBias: false, initValues: 1 }],
  headBias: [clip, { ...clip, numClasses: 0 }, { ...clip, act: 'quick_gelu' }],
  rope: [dinov3, eva02, { ...dinov3, numClasses: 0, maskToken: true }],
  ropeTemperature: [
    { ...dinov3, ropeTemperature: 50 },
    { ...eva02, ropeTemperature: 20 },
  ],
  ropeGrid: [
    { ...eva02, ropeGrid: 3 },
    { ...eva02, ropeGrid: [2, 5] },
  ],
  ropeRegTemperature: [{ ...eva02, regTokens: 4, ropeRegTemperature: 100 }],
  relPosBias: [beit, { ...beit, relPosBias: 'shared' }, { ...beit, posEmbed: 'learned1d' }, { ...beit, numClasses: 0 }],
  maskToken: [
    { maskToken: true },
    { ...dinov2, maskToken: true },
    { ...dinov2, maskToken: true, regTokens: 4, noEmbedClass: true },
    { ...dinov2, maskToken: true, numClasses: 10, globalPool: 'tokenavg' },
    { ...beit, maskToken: true },
  ],
};

function drawn(options: ViTOptions): ViT {
  const model = new ViT({ ...base, ...options }).eval();
  // Weights of some size, so that every option tells.
  for (const parameter of model.parameters()) init.normal(parameter, 0, 0.3);
  return model;
}

function logitsOf(model: ViT): number[] {
  manualSeed(3);
  const { imgSize, inChans } = model.config;
  const size = typeof imgSize === 'number' ? [imgSize, imgSize] : imgSize;
  return scope(() => [...noGrad(() => model.forward(randn([2, inChans, ...size]))).dataSync()]);
}

describe('a saved model', () => {
  returnsMemory();
  const path = temporaryDirectory();
  const file = (layout: SavedLayout): string => path(layout === 'hf' ? 'hf' : `${layout}.safetensors`);

  for (const [name, variants] of Object.entries(models)) {
    it(`is read back the same, whatever its ${name}, in every layout that has it`, async () => {
      for (const options of variants) {
        using model = drawn(options);
        const expected = logitsOf(model);
        for (const layout of savedLayouts.filter((each) => objections(model.config, each).length === 0)) {
          await model.save(file(layout), { layout });
          const told = await warningsOf(async () => {
            using again = await ViT.fromPretrained(file(layout));
            assert.deepEqual(again.config, model.config, layout);
            assert.deepEqual(logitsOf(again), expected, `${layout} ${JSON.stringify(options)}`);
          });
          assert.deepEqual(told, []);
        }
      }
    });
  }

  it('that says nothing of images is told of once they are asked for', async () => {
    using model = drawn({});
    for (const layout of savedLayouts.filter((each) => objections(model.config, each).length === 0)) {
      await model.save(file(layout), { layout });
      const told = await warningsOf(async () => {
        using again = await ViT.fromPretrained(file(layout));
        assert.deepEqual([again.pretrainedConfig?.layout, again.pretrainedConfig?.crop], [layout, [16, 16]]);
        await again.save(path('again.safetensors')); // what is assumed is not written as if it were known
      });
      assert.match(
        told.join('; '),
        /^.+ does not say how images are prepared; assumed resize: .*\. Set model.pre\w+ to/,
      );
      const saved = await io.readSafetensors(path('again.safetensors'));
      assert.doesNotMatch(saved.metadata.vitrine ?? assert.fail(), /preprocessing/);
      await saved.close();
    }
  });

  it('keeps what is known of images and classes', async () => {
    using model = drawn({ inChans: 1, numClasses: 3 });
    const known = {
      layout: 'vitrine',
      resize: 20,
      crop: [16, 16],
      interpolation: 'lanczos',
      mean: [0.25],
      std: [1 / 3],
      labels: ['zero', 'one', 'déjà "2"\n'],
    } as const;
    model.pretrainedConfig = known;
    await model.save(path('known.safetensors'));
    using again = await ViT.fromPretrained(path('known.safetensors'));
    assert.deepEqual(again.pretrainedConfig, known);
    using others = await ViT.fromPretrained(path('known.safetensors'), { numClasses: 2 });
    assert.equal(others.pretrainedConfig?.labels, undefined);
  });

  it('has a name for each class, or for none', async () => {
    using model = drawn({ numClasses: 3 });
    const images = { resize: 16, crop: [16, 16], interpolation: 'bicubic', mean: [0], std: [1] } as const;
    model.pretrainedConfig = { layout: 'vitrine', ...images, labels: ['a', 'b'] };
    for (const layout of savedLayouts.filter((each) => objections(model.config, each).length === 0)) {
      await assert.rejects(
        model.save(path('labels'), { layout }),
        /labels for 3 classes for pretrainedConfig .* received 2/,
      );
    }
  });

  it('is read from the folder of a run, whatever that has as config.json', async () => {
    using model = drawn({ numHeads: 4 });
    mkdirSync(path('run'));
    await model.save(path('run/model.safetensors'));
    writeFileSync(path('run/config.json'), JSON.stringify({ version: 1, model: {}, classNames: [], data: null }));
    using again = await ViT.fromPretrained(path('run'));
    assert.deepEqual(logitsOf(again), logitsOf(model));
  });

  for (const posEmbed of ['learned1d', 'learned2d', 'relative'] as const) {
    it(`has its positions resized as the model itself does, ${posEmbed}, in one table or in one a block`, async () => {
      for (const posEmbedPlacement of ['layers', 'shared'] as const) {
        using model = drawn({ posEmbed, posEmbedPlacement, dynamicImgSize: true });
        await model.save(path('resized.safetensors'));
        using larger = await ViT.fromPretrained(path('resized.safetensors'), { imgSize: [24, 32] });
        scope(() => {
          const images = randn([1, 3, 24, 32]);
          const [own, resized] = [model, larger].map((each) => noGrad(() => each.forward(images)).dataSync());
          const most = Math.max(...(own ?? []).map((value, i) => Math.abs(value - (resized?.[i] ?? Number.NaN))));
          assert.ok(most < 1e-4, `${posEmbedPlacement}: ${most}`);
        });
      }
    });
  }

  it('says who wrote it, in which format', async () => {
    using model = drawn({});
    await model.save(path('said.safetensors'));
    const saved = await io.readSafetensors(path('said.safetensors'));
    const said = JSON.parse(saved.metadata.vitrine ?? '');
    await saved.close();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    assert.deepEqual([said.format, said.version, said.layout], [1, version, 'vitrine']);
    assert.deepEqual(saved.metadata.format, 'pt');
  });

  it('is told from one of a state dict by its metadata alone', async () => {
    using model = drawn({ numHeads: 4, act: 'relu' });
    await io.saveSafetensors(path('dict.safetensors'), model.stateDict(), io.modelMetadata(model));
    using again = await ViT.fromPretrained(path('dict.safetensors'));
    assert.deepEqual(logitsOf(again), logitsOf(model));
  });

  it('takes options of training and of images, and another head', async () => {
    using model = drawn({ act: 'relu', numHeads: 4, posEmbed: 'learned2d', representationSize: 6 });
    await model.save(path('tuned.safetensors'));
    using tuned = await ViT.fromPretrained(path('tuned.safetensors'), {
      numClasses: 3,
      imgSize: [16, 32],
      dropRate: 0.5,
    });
    const { act, numHeads, numClasses, dropRate, representationSize } = tuned.config;
    assert.deepEqual([act, numHeads, numClasses, dropRate, representationSize], ['relu', 4, 3, 0.5, undefined]);
    assert.deepEqual(tuned.grid, [4, 8]);
  });

  it('keeps its norm where another pooling is asked for', async () => {
    using model = drawn({});
    await model.save(path('pooled.safetensors'));
    using pooled = await ViT.fromPretrained(path('pooled.safetensors'), { globalPool: 'avg' });
    assert.deepEqual([pooled.config.globalPool, pooled.config.fcNorm], ['avg', false]);
  });

  it('is not taken for what it is not', async () => {
    using model = drawn({ numHeads: 4 });
    await model.save(path('model.safetensors'));
    const refused = (options: ViTOptions, text: RegExp) =>
      assert.rejects(ViT.fromPretrained(path('model.safetensors'), options), text);
    await refused({ numHeads: 1 }, /Expected numHeads: 4, as the file says, for .* received the option numHeads: 1\./);
    await refused({ act: 'relu' }, /act: "gelu", as the file says/);
    await refused({ normEps: 1e-5 }, /normEps: 0.000001/);
    await refused({ depth: 3 }, /depth: 2/);
    await refused({ patchSize: 8 }, /patchSize: 4/);
    await refused({ posEmbed: 'sincos2d' }, /posEmbed: "learned1d"/);
    await refused({ representationSize: 3 }, /representationSize: none/);
    using same = await ViT.fromPretrained(path('model.safetensors'), {
      numHeads: 4,
      patchSize: [4, 4],
      posEmbed: 'learn',
    });
    assert.equal(same.config.numHeads, 4);
  });
});

describe('a description that does not go with its weights', () => {
  returnsMemory();
  const path = temporaryDirectory();

  /** Saves a model, with something else said of it. */
  async function said(options: ViTOptions, change: (description: Record<string, unknown>) => unknown): Promise<string> {
    using model = drawn(options);
    const { vitrine = '', ...others } = io.modelMetadata(model);
    const changed = change(JSON.parse(vitrine));
    const text = typeof changed === 'string' ? changed : JSON.stringify(changed);
    await io.saveSafetensors(path('changed.safetensors'), model.stateDict(), { ...others, vitrine: text });
    return path('changed.safetensors');
  }
  const withConfig = (config: object) => (description: Record<string, unknown>) => ({
    ...description,
    config: { ...(description.config as object), ...config },
  });
  const refused = async (file: string, ...texts: RegExp[]): Promise<void> => {
    await assert.rejects(ViT.fromPretrained(file), (error: Error) => {
      for (const text of texts) assert.match(error.message, text);
      assert.ok(error.message.length < 1000 && !error.message.includes('\u001b'));
      return true;
    });
  };

  it('is refused before anything of its sizes is built', async () => {
    const huge = [
      { depth: 1e9 },
      { embedDim: 2 ** 40 },
      { mlpRatio: 1e12 },
      { numClasses: 1e12 },
      { regTokens: 1e9 },
      { representationSize: 1e10 },
      { imgSize: 4e9 },
      { resnetLayers: [1e6] },
    ];
    for (const config of huge) {
      await refused(
        await said({}, withConfig(config)),
        new RegExp(`${Object.keys(config)[0]}: .*contradict each other`),
      );
    }
    for (const posEmbed of ['learned2d', 'relative', 'sincos2d'] as const) {
      await refused(await said({ posEmbed }, withConfig({ imgSize: 4e9 })), /an imgSize of .*imgSize: 4000000000/);
    }
  });

  it('is refused where it is damaged, or newer than this version', async () => {
    const images = { resize: 16, crop: [16, 16], interpolation: 'bicubic', mean: [0], std: [1] };
    await refused(await said({}, () => '{"format":'), /JSON/);
    await refused(await said({}, () => '[]'), /a JSON object/);
    await refused(
      await said({}, (all) => ({ ...all, format: 2 })),
      /format 2, of vitrine "[\d.]+"\. Read it with that vitrine/,
    );
    await refused(await said({}, ({ format: _, ...all }) => all), /received none/);
    await refused(await said({}, (all) => ({ ...all, layout: 'x\u001b[2J' })), /a layout among/);
    await refused(await said({}, ({ config: _, ...all }) => all), /"config"/);
    await refused(await said({}, withConfig({ act: '\u001b[31m' })), /"act"/);
    await refused(await said({}, withConfig({ act: 'swish' })), /'gelu', 'gelu_tanh', 'relu'/);
    const many = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`\u001b${i}`, 1]));
    await refused(await said({}, withConfig(many)), /and 29997 more/);
    await refused(
      await said({}, (all) => ({ ...all, ...{ preprocessing: images, labels: ['one'] } })),
      /labels for 10/,
    );
    const preprocessing = { resize: 16, crop: [16, 16], interpolation: 'wide', mean: [0], std: [1] };
    await refused(await said({}, (all) => ({ ...all, preprocessing })), /"interpolation"/);
  });

  it('counts for less than what a library wrote beside weights without any', async () => {
    using model = drawn({ numHeads: 4 });
    await model.save(path('folder'), { layout: 'hf' });
    const tensors = await io.loadSafetensors(path('folder/model.safetensors'));
    await io.saveSafetensors(path('folder/model.safetensors'), tensors, { format: 'pt' }); // as Transformers would
    for (const tensor of tensors.values()) tensor.dispose();
    using again = await ViT.fromPretrained(path('folder'));
    assert.deepEqual(again.config, model.config);
    const config = JSON.parse(readFileSync(path('folder/config.json'), 'utf8'));
    writeFileSync(path('folder/config.json'), JSON.stringify({ ...config, num_attention_heads: 2 }));
    using changed = await ViT.fromPretrained(path('folder'));
    assert.equal(changed.config.numHeads, 2);
  });

  it('is refused where the config.json beside it was changed', async () => {
    using model = drawn({ numHeads: 4 });
    await model.save(path('edited'), { layout: 'hf' });
    const config = JSON.parse(readFileSync(path('edited/config.json'), 'utf8'));
    writeFileSync(path('edited/config.json'), JSON.stringify({ ...config, hidden_act: 'relu' }));
    await refused(path('edited'), /received "hidden_act": "relu" in .*config\.json\. One of the two was changed/);
  });
});
