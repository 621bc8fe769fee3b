import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  emptyCache,
  io,
  manualSeed,
  memory,
  noGrad,
  randomState,
  resetPeakMemory,
  scope,
  synchronize,
  ViT,
} from '../../../lib/index.js';
import { writeSafetensors } from '../../../lib/io/formats/safetensors.js';
import type { TensorRecord } from '../../../lib/io/formats/tensor-record.js';
import { withoutInit } from '../../../lib/nn/init.js';
import { randn } from '../../../lib/ops/random.js';
import { returnsMemory } from '../../native-op.js';
import { goldenTensors } from '../golden-tensors.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { goldenPath } from './fixtures.js';

const timm = goldenPath('timm-vit.safetensors');
const numHeads = 3;

function valuesOf(model: ViT, name: string): number[] {
  return [...(model.stateDict().get(name) ?? assert.fail(`no ${name}`)).dataSync()];
}

/** A safetensors file without its metadata: what the header says of tensors, and their bytes. */
function tensorsOf(file: string): { header: unknown; data: Buffer } {
  const bytes = readFileSync(file);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: _, ...header } = JSON.parse(bytes.subarray(8, end).toString());
  return { header: Object.entries(header), data: bytes.subarray(end) };
}

/** Asserts that loading fails with one error that says all this, and leaves no memory behind. */
async function refuses(load: Promise<ViT>, ...says: (RegExp | string)[]): Promise<void> {
  await assert.rejects(load, (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /^Expected .+ but received .+\.$/s);
    for (const part of says) {
      if (typeof part === 'string') assert.ok(error.message.includes(part), `${part} in ${error.message}`);
      else assert.match(error.message, part);
    }
    return true;
  });
}

describe('ViT.fromPretrained with options', () => {
  returnsMemory();

  it('gives another number of classes a head of zeros, and all else the file', async () => {
    using own = await ViT.fromPretrained(timm, { numHeads });
    using other = await ViT.fromPretrained(timm, { numHeads, numClasses: 3 });
    assert.deepEqual(valuesOf(other, 'head.weight'), new Array(3 * 24).fill(0));
    assert.deepEqual(valuesOf(other, 'head.bias'), [0, 0, 0]);
    for (const name of ['pos_embed', 'blocks.1.mlp.fc2.weight', 'norm.bias']) {
      assert.deepEqual(valuesOf(other, name), valuesOf(own, name), name);
    }
    assert.deepEqual(valuesOf(own, 'head.bias').length, 10);
  });

  it('gives both heads of a distilled model anew', async () => {
    using model = await ViT.fromPretrained(goldenPath('hf-deit'), { numClasses: 3 });
    assert.deepEqual(valuesOf(model, 'head_dist.weight'), new Array(3 * 24).fill(0));
    assert.equal(model.pretrainedConfig?.labels, undefined);
  });

  it('leaves the head out for features', async () => {
    using model = await ViT.fromPretrained(timm, { numHeads, numClasses: 0 });
    assert.equal(model.head, undefined);
  });

  it('is in evaluation mode and takes options of training', async () => {
    using model = await ViT.fromPretrained(timm, { numHeads, dropPathRate: 0.5, dynamicImgSize: true });
    assert.equal(model.training, false);
    assert.equal(model.config.dropPathRate, 0.5);
    scope(() => assert.deepEqual(noGrad(() => model.forward(randn([1, 3, 24, 40]))).shape, [1, 10]));
  });

  it('takes little more memory than the weights themselves', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'vitrine-test-')), 'tiny.safetensors');
    try {
      const bytes = await (async () => {
        using model = ViT.create('vit_tiny_patch16_224');
        await model.save(path);
        return 4 * model.numParameters();
      })();
      synchronize();
      emptyCache();
      resetPeakMemory();
      const before = memory().live;
      using _model = await ViT.fromPretrained(path);
      assert.ok(memory().peak - before < 1.02 * bytes, `${memory().peak - before} for ${bytes} bytes`);
    } finally {
      rmSync(dirname(path), { recursive: true });
    }
  });

  it('makes no draw, so that the random state stays', async () => {
    manualSeed(5);
    const before = await randomState();
    using _model = await ViT.fromPretrained(timm, { numHeads });
    assert.deepEqual(await randomState(), before);
  });
});

describe('withoutInit', () => {
  it('ends with the function, also when that throws', () => {
    assert.throws(() =>
      withoutInit(() => {
        throw new Error('no');
      }),
    );
    manualSeed(1);
    using model = new ViT({ imgSize: 8, patchSize: 4, embedDim: 8, depth: 1, numHeads: 1, numClasses: 2 });
    assert.ok(valuesOf(model, 'head.weight').some((value) => value !== 0));
  });
});

describe('ViT.save', () => {
  returnsMemory();
  const path = temporaryDirectory();

  for (const [file, layout] of [
    ['timm-vit.safetensors', 'timm'],
    ['torchvision-vit.safetensors', 'torchvision'],
  ] as const) {
    it(`writes the very tensors that ${layout} writes, byte for byte`, async () => {
      using model = await ViT.fromPretrained(goldenPath(file), { numHeads });
      await model.save(path(file), { layout });
      assert.deepEqual(tensorsOf(path(file)), tensorsOf(goldenPath(file)));
    });
  }

  for (const folder of ['hf-vit', 'hf-deit']) {
    it(`writes the very weights and configuration of ${folder} that Transformers writes`, async () => {
      using model = await ViT.fromPretrained(goldenPath(folder));
      await model.save(path(folder), { layout: 'hf' });
      const weights = `${folder}/model.safetensors`;
      assert.deepEqual(tensorsOf(path(weights)), tensorsOf(goldenPath(weights)));
      const read = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8'));
      const { transformers_version: _, ...config } = read(goldenPath(`${folder}/config.json`));
      const { vitrine, ...written } = read(path(`${folder}/config.json`));
      assert.ok(vitrine !== undefined);
      // Other words for the same formula.
      if (config.hidden_act === 'gelu_new') config.hidden_act = 'gelu_pytorch_tanh';
      assert.deepEqual(written, config);
    });
  }

  it('keeps preprocessing through a folder of Hugging Face', async () => {
    using model = await ViT.fromPretrained(goldenPath('torchvision-vit.safetensors'), { numHeads, imgSize: 224 });
    await model.save(path('kept'), { layout: 'hf' });
    using again = await ViT.fromPretrained(path('kept'));
    const { layout: _, ...kept } = again.pretrainedConfig ?? assert.fail('no pretrainedConfig');
    const { layout: __, ...first } = model.pretrainedConfig ?? assert.fail('no pretrainedConfig');
    assert.deepEqual({ ...kept, labels: undefined }, { ...first, rounding: 'down', labels: undefined });
    assert.equal(again.config.normEps, model.config.normEps);
  });

  it('refuses preprocessing that Transformers has not, before it writes anything', async () => {
    using model = new ViT({ imgSize: 8, patchSize: 4, embedDim: 8, depth: 1, numHeads: 1, numClasses: 2 });
    const statistics = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
    const images = { resize: [9, 9], fit: 'cover', crop: [8, 8], interpolation: 'bilinear', ...statistics } as const;
    model.pretrainedConfig = { layout: 'timm', ...images };
    await assert.rejects(model.save(path('cover'), { layout: 'hf' }), /as Transformers can for save .*fit: 'cover'/);
    assert.ok(!existsSync(path('cover')));
  });

  it('refuses a model that the library has not, and names the options', async () => {
    const size = { imgSize: 8, patchSize: 4, embedDim: 8, depth: 1, numHeads: 1, numClasses: 2 };
    const save = async (options: ConstructorParameters<typeof ViT>[0], layout: 'timm' | 'torchvision' | 'hf') => {
      using model = new ViT({ ...size, ...options });
      await model.save(path('refused'), { layout });
    };
    await assert.rejects(
      save({ posEmbed: 'learned2d' }, 'timm'),
      /timm has too for save.*posEmbed: "learned2d".*Without a layout/,
    );
    await assert.rejects(save({ qkNorm: true, regTokens: 2 }, 'torchvision'), /qkNorm: true, regTokens: 2/);
    await assert.rejects(save({ globalPool: 'avg' }, 'hf'), /globalPool: "avg"/);
    await assert.rejects(save({ initValues: 1, act: 'relu' }, 'torchvision'), /initValues: 1, act: "relu"/);
  });
});

describe('ViT.fromPretrained on bad input', () => {
  returnsMemory();
  const path = temporaryDirectory();

  /** The golden timm file with changes; undefined leaves a tensor out. */
  async function changed(file: string, changes: Record<string, Partial<TensorRecord> | undefined>): Promise<string> {
    const entries = (await goldenTensors('timm-vit.safetensors')).filter(
      ([name]) => !(name in changes) || changes[name] !== undefined,
    );
    const kept = entries.map(([name, record]) => [name, { ...record, ...changes[name] }] as const);
    const empty: TensorRecord = { dtype: 'F32', shape: [0], data: new Uint8Array(0) };
    const added = Object.entries(changes)
      .filter(([name, change]) => change !== undefined && !entries.some(([own]) => own === name))
      .map(([name, change]) => [name, { ...empty, ...change }] as const);
    await writeSafetensors(path(file), [...kept, ...added]);
    return path(file);
  }

  it('names what is missing, unexpected or misshapen, and loads nothing', async () => {
    const file = await changed('bad.safetensors', {
      'blocks.1.mlp.fc2.bias': undefined,
      'norm.weight': { shape: [4, 6] },
      'blocks.0.norm1.bias': { dtype: 'I32' },
      'blocks.1.mlp.fc3.bias': {},
      'head.wieght': {},
      'head.weight': undefined,
    });
    synchronize();
    const before = memory().live;
    await refuses(
      ViT.fromPretrained(file, { numHeads, numClasses: 10 }),
      'a file in which 6 tensors do not fit: ',
      '"blocks.1.mlp.fc3.bias" is not expected (nearest: "blocks.1.mlp.fc2.bias")',
      '"blocks.1.mlp.fc2.bias" is missing',
      /"(blocks\.0\.norm1\.bias" is I32 instead of F64, F32, F16, BF16|norm\.weight" has shape \(4,6\) instead of \(24\))/,
      '; and 3 more. Nothing was loaded.',
    );
    synchronize();
    assert.equal(memory().live, before);
  });

  it('names three tensors at most, however many do not fit', async () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `extra.${'x'.repeat(50)}.${i}`);
    const file = await changed('many.safetensors', Object.fromEntries(names.map((name) => [name, {}])));
    await assert.rejects(ViT.fromPretrained(file, { numHeads }), ({ message }: Error) => {
      assert.match(message, /30000 tensors do not fit: .*; and 29997 more/);
      assert.ok(message.replaceAll(file, '').length < 600, `${message.length} characters`);
      return true;
    });
  });

  it("speaks of a library's own names", async () => {
    const entries = (await goldenTensors('hf-vit/model.safetensors')).map(([name, record]) => {
      return [name.replace('layer.1.attention.attention.query.bias', 'layer.1.attention.attention.quary.bias'), record];
    });
    mkdirSync(path('hf'));
    copyFileSync(goldenPath('hf-vit/config.json'), path('hf/config.json'));
    await writeSafetensors(path('hf/model.safetensors'), entries as [string, TensorRecord][]);
    const name = (word: string): string => `"vit.encoder.layer.1.attention.attention.${word}.bias"`;
    await refuses(
      ViT.fromPretrained(path('hf')),
      `${name('query')} is missing`,
      `${name('quary')} is not expected (nearest: ${name('query')})`,
    );
  });

  it('does not believe a file of few tensors that it has a million blocks', async () => {
    const file = await changed('deep.safetensors', { 'blocks.999999.norm1.bias': {} });
    await refuses(ViT.fromPretrained(file, { numHeads }), '"blocks.999999.norm1.bias" is not expected');
  });

  it('does not believe shapes that hold nothing', async () => {
    for (const change of [
      { 'head.weight': { shape: [2 ** 31, 0] } },
      { 'blocks.0.mlp.fc1.weight': { shape: [2 ** 31, 0] } },
    ]) {
      const [name, { shape }] = Object.entries(change)[0] as [string, { shape: number[] }]; // one each
      const file = await changed('hollow.safetensors', { [name]: { shape, data: new Uint8Array(0) } });
      await refuses(ViT.fromPretrained(file, { numHeads }), 'the parameters of a model', 'made to fill the memory');
    }
  });

  it('asks for the heads where nothing tells them', async () => {
    await refuses(ViT.fromPretrained(timm), /numHeads.*width 24.*give it as option numHeads/);
  });

  it('says so when patches do not divide the image, and offers to pad', async () => {
    await refuses(ViT.fromPretrained(timm, { numHeads, imgSize: 30 }), /8 x 8 divides.*dynamicImgPad/);
    using padded = await ViT.fromPretrained(timm, { numHeads, imgSize: 30, dynamicImgPad: true });
    assert.deepEqual(padded.grid, [4, 4]);
  });

  it('prints for pickles the recipe that PyTorch itself has proven, whatever the file is called', async () => {
    const recipe = readFileSync(goldenPath('pickle_recipe.py'), 'utf8').trim();
    for (const file of ['model.pth', 'it"s.pth']) {
      writeFileSync(path(file), Buffer.from('PK\x03\x04 archive/data.pkl', 'latin1'));
      const name = JSON.stringify(file).slice(1, -5);
      await refuses(ViT.fromPretrained(path(file)), ` ${recipe.replaceAll('"model.', `"${name}.`)} `);
    }
  });

  it('tells how to convert pickles and ONNX models', async () => {
    writeFileSync(path('model.pth'), Buffer.from('PK\x03\x04 archive/data.pkl', 'latin1'));
    await refuses(ViT.fromPretrained(path('model.pth')), 'a PyTorch pickle', 'safetensors.torch', 'weights_only=True');
    writeFileSync(path('model.onnx'), Buffer.from([0x08, 0x08, 0x12, 0x07, 0x70, 0x79, 0x74, 0x6f, 0x72, 0x63, 0x68]));
    await refuses(ViT.fromPretrained(path('model.onnx')), 'an ONNX model', 'import onnx');
  });

  it('tells what a folder without weights has', async () => {
    mkdirSync(path('none'));
    await refuses(ViT.fromPretrained(path('none')), 'model.safetensors', 'received nothing');
    writeFileSync(path('none/config.json'), '{}');
    await refuses(ViT.fromPretrained(path('none')), 'received config.json', 'Fetch the weights too');
    writeFileSync(path('none/pytorch_model.bin'), '');
    await refuses(ViT.fromPretrained(path('none')), 'received pytorch_model.bin', 'Convert it once in Python');
    await refuses(ViT.fromPretrained(path('absent')), 'a checkpoint', 'no such file');
  });

  it('does not choose among several files', async () => {
    mkdirSync(path('several'));
    for (const name of ['a', 'b']) copyFileSync(timm, path(`several/${name}.safetensors`));
    await refuses(ViT.fromPretrained(path('several')), 'a.safetensors, b.safetensors', 'Give the path of one');
  });

  it('refuses an index that leads elsewhere, or to what is not there', async () => {
    const index = path('model.safetensors.index.json');
    const write = (map: unknown): void => writeFileSync(index, JSON.stringify({ weight_map: map }));
    for (const shard of ['../secret.safetensors', '/etc/passwd', '', 5]) {
      write({ cls_token: shard });
      await refuses(ViT.fromPretrained(index), 'the name of a file beside the index');
    }
    write({ cls_token: 'gone.safetensors' });
    await refuses(ViT.fromPretrained(index), 'gone.safetensors');
    copyFileSync(timm, path('part.safetensors'));
    write({ cls_tokens: 'part.safetensors' });
    await refuses(ViT.fromPretrained(index), 'the tensor "cls_tokens"', 'none of that name');
    write('everything');
    await refuses(ViT.fromPretrained(index), 'a "weight_map" object');
  });

  it('refuses a config.json that makes no sense', async () => {
    mkdirSync(path('odd'));
    copyFileSync(goldenPath('hf-vit/model.safetensors'), path('odd/model.safetensors'));
    const config = (value: unknown): void => writeFileSync(path('odd/config.json'), JSON.stringify(value));
    config({ num_attention_heads: 'three' });
    await refuses(ViT.fromPretrained(path('odd')), '"num_attention_heads" of', "'three'");
    config({ num_attention_heads: 3, hidden_act: 'swish' });
    await refuses(ViT.fromPretrained(path('odd')), '"hidden_act" of', "'swish'");
    config([]);
    await refuses(ViT.fromPretrained(path('odd')), 'a JSON object');
  });

  it('refuses tensors that are no ViT', async () => {
    await writeSafetensors(path('cnn.safetensors'), [
      ['conv1.weight', { dtype: 'F32', shape: [1], data: new Uint8Array(4) }],
    ]);
    await refuses(ViT.fromPretrained(path('cnn.safetensors')), "a ViT's weights", '"conv1.weight"');
    await writeSafetensors(path('empty.safetensors'), []);
    await refuses(ViT.fromPretrained(path('empty.safetensors')), 'received no tensors');
    const file = await changed('headless.safetensors', { 'patch_embed.proj.weight': undefined });
    await refuses(ViT.fromPretrained(file, { numHeads }), 'the weight of a patch embedding', 'received none');
  });

  it('refuses an option that is none', async () => {
    const options = { numHeads, imageSize: 32 } as object;
    await assert.rejects(
      ViT.fromPretrained(timm, options),
      /an option among .* for ViT but received 'imageSize'.* Did you mean imgSize\?/,
    );
  });

  it('reads back what io.saveSafetensors wrote of a model that no library has', async () => {
    const options = { imgSize: 8, patchSize: 4, embedDim: 8, depth: 1, numHeads: 1, numClasses: 2 } as const;
    using model = new ViT({ ...options, posEmbed: 'learned2d', representationSize: 5 });
    await io.saveSafetensors(path('own.safetensors'), model.stateDict());
    using again = await ViT.fromPretrained(path('own.safetensors'), { numHeads: 1 });
    assert.deepEqual(valuesOf(again, 'pos_embed.x'), valuesOf(model, 'pos_embed.x'));
    assert.equal(again.config.representationSize, 5);
    using tuned = await ViT.fromPretrained(path('own.safetensors'), { numHeads: 1, numClasses: 3 });
    assert.equal(tuned.config.representationSize, undefined);
  });
});
