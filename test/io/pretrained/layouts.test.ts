import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { noGrad, scope, type Tensor, ViT } from '../../../lib/index.js';
import { toFloat32 } from '../../../lib/io/formats/convert.js';
import { readNpz } from '../../../lib/io/formats/npz.js';
import { writeSafetensors } from '../../../lib/io/formats/safetensors.js';
import type { RecordDtype, TensorRecord } from '../../../lib/io/formats/tensor-record.js';
import { loadGolden } from '../../golden.js';
import { fromRef, returnsMemory, valuesOf } from '../../native-op.js';
import type { Ref } from '../../reference/array.js';
import { assertClose } from '../../reference/assert-close.js';
import { goldenTensors } from '../golden-tensors.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { goldenPath } from './fixtures.js';

type Golden = { x: Ref; logits: Ref };

/** The images and logits that go with a golden file. */
function goldenOf(name: string): Golden {
  const found = loadGolden<{ file: string }>('checkpoints').cases.find(({ params }) => params.file === name);
  return (found?.tensors ?? assert.fail(`no golden case of ${name}`)) as Golden;
}

function assertLogits(model: ViT, { x, logits }: Golden, relative = 1e-4): void {
  scope(() => {
    const y: Tensor = noGrad(() => model.forward(fromRef(x)));
    assertClose(valuesOf(y), logits, { relative }, 'logits');
  });
}

/** A record's elements in another floating type, rounded towards zero. */
function as(dtype: RecordDtype, record: TensorRecord): TensorRecord {
  const values = toFloat32(record);
  const bytes = (array: ArrayBufferView): Uint8Array =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const words = new Uint32Array(values.slice().buffer);
  if (dtype === 'F64') return { ...record, dtype, data: bytes(Float64Array.from(values)) };
  if (dtype === 'BF16') return { ...record, dtype, data: bytes(Uint16Array.from(words, (word) => word >>> 16)) };
  // The fixtures' values are all normal numbers of binary16, or so small that 0 will do.
  const half = (word: number): number => {
    const exponent = ((word >>> 23) & 0xff) - 112;
    return exponent <= 0 ? 0 : ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
  };
  return { ...record, dtype, data: bytes(Uint16Array.from(words, half)) };
}

describe('ViT.fromPretrained', () => {
  returnsMemory();
  const path = temporaryDirectory();
  const hf = 'hf-vit/model.safetensors';

  /** Writes the golden Hugging Face model into a folder of its own, with its config.json. */
  async function huggingFace(folder: string, rename: (name: string) => string): Promise<string> {
    mkdirSync(path(folder));
    copyFileSync(goldenPath('hf-vit/config.json'), path(`${folder}/config.json`));
    const entries = (await goldenTensors(hf)).map(([name, record]) => [rename(name), record] as const);
    await writeSafetensors(path(`${folder}/model.safetensors`), entries);
    return path(folder);
  }

  it('reads Hugging Face names without prefix', async () => {
    using model = await ViT.fromPretrained(await huggingFace('bare', (name) => name.replace(/^vit\./, '')));
    assertLogits(model, goldenOf(hf));
  });

  it('reads the names of Transformers 5', async () => {
    const renames: [RegExp, string][] = [
      [/encoder\.layer\./, 'layers.'],
      [/attention\.attention\.query/, 'attention.q_proj'],
      [/attention\.attention\.key/, 'attention.k_proj'],
      [/attention\.attention\.value/, 'attention.v_proj'],
      [/attention\.output\.dense/, 'attention.o_proj'],
      [/intermediate\.dense/, 'mlp.fc1'],
      [/output\.dense/, 'mlp.fc2'],
    ];
    const rename = (name: string): string => renames.reduce((text, [from, to]) => text.replace(from, to), name);
    using model = await ViT.fromPretrained(await huggingFace('v5', rename));
    assertLogits(model, goldenOf(hf));
  });

  it('passes over the parts of other heads of Hugging Face', async () => {
    mkdirSync(path('heads'));
    copyFileSync(goldenPath('hf-vit/config.json'), path('heads/config.json'));
    const one: TensorRecord = { dtype: 'F32', shape: [1], data: new Uint8Array(4) };
    const extra = ['vit.pooler.dense.weight', 'vit.embeddings.mask_token', 'decoder.0.weight'].map(
      (name) => [name, one] as const,
    );
    await writeSafetensors(path('heads/model.safetensors'), [...(await goldenTensors(hf)), ...extra]);
    using model = await ViT.fromPretrained(path('heads'));
    assertLogits(model, goldenOf(hf));
  });

  it('reads sharded files through their index', async () => {
    mkdirSync(path('sharded'));
    copyFileSync(goldenPath('hf-vit/config.json'), path('sharded/config.json'));
    const entries = await goldenTensors(hf);
    const shards = [entries.filter((_, i) => i % 2 === 0), entries.filter((_, i) => i % 2 === 1)];
    const weightMap: Record<string, string> = {};
    for (const [i, shard] of shards.entries()) {
      const file = `model-0000${i + 1}-of-00002.safetensors`;
      await writeSafetensors(path(`sharded/${file}`), shard);
      for (const [name] of shard) weightMap[name] = file;
    }
    const index = path('sharded/model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: weightMap }));
    for (const given of [path('sharded'), index]) {
      using model = await ViT.fromPretrained(given);
      assertLogits(model, goldenOf(hf));
    }
  });

  it('reads a file of any name in a folder of its own', async () => {
    mkdirSync(path('own'));
    copyFileSync(goldenPath('google-vit.npz'), path('own/ViT-B_16.npz'));
    using model = await ViT.fromPretrained(path('own'));
    assertLogits(model, goldenOf('google-vit.npz'));
  });

  // Their own precision, 2^-11, 2^-8 and float32's, through two blocks.
  for (const [dtype, relative] of [
    ['F16', 1e-2],
    ['BF16', 1e-1],
    ['F64', 1e-4],
  ] as const) {
    it(`reads ${dtype}`, async () => {
      const entries = (await goldenTensors('timm-vit.safetensors')).map(
        ([name, record]) => [name, as(dtype, record)] as const,
      );
      await writeSafetensors(path(`${dtype}.safetensors`), entries);
      using model = await ViT.fromPretrained(path(`${dtype}.safetensors`), { numHeads: 3 });
      assertLogits(model, goldenOf('timm-vit.safetensors'), relative);
    });
  }

  it("reads Google's names under an optimizer's prefix, from any container", async () => {
    const arrays = await readNpz(goldenPath('google-vit.npz'));
    const step: TensorRecord = { dtype: 'I32', shape: [], data: new Uint8Array(4) };
    const entries = [...arrays].map(([name, record]) => [`opt/target/${name}`, record] as const);
    await writeSafetensors(path('google.safetensors'), [...entries, ['opt/state/step', step]]);
    using model = await ViT.fromPretrained(path('google.safetensors'));
    assertLogits(model, goldenOf('google-vit.npz'));
  });

  it("reads torchvision's former names of the MLP", async () => {
    const old = (name: string): string =>
      name.replace('.mlp.0.', '.mlp.linear_1.').replace('.mlp.3.', '.mlp.linear_2.');
    const entries = (await goldenTensors('torchvision-vit.safetensors')).map(
      ([name, record]) => [old(name), record] as const,
    );
    await writeSafetensors(path('old.safetensors'), entries);
    using model = await ViT.fromPretrained(path('old.safetensors'), { numHeads: 3 });
    assertLogits(model, goldenOf('torchvision-vit.safetensors'));
  });

  it('brings along how each library prepares images', async () => {
    const of = async (file: string, options = {}) => {
      using model = await ViT.fromPretrained(goldenPath(file), options);
      return model.pretrainedConfig ?? assert.fail('no pretrainedConfig');
    };
    const half = [0.5, 0.5, 0.5];
    const imagenet = [0.485, 0.456, 0.406];
    const timm = await of('timm-vit.safetensors', { numHeads: 3 });
    assert.deepEqual([timm.mean, timm.resize, timm.crop, timm.interpolation], [half, 35, [32, 32], 'bicubic']);
    const torchvision = await of('torchvision-vit.safetensors', { numHeads: 3, imgSize: 224 });
    assert.deepEqual([torchvision.mean, torchvision.resize], [imagenet, 256]);
    const huggingFace = await of('hf-vit');
    assert.deepEqual([huggingFace.mean, huggingFace.resize, huggingFace.interpolation], [half, [32, 32], 'bilinear']);
    assert.equal(huggingFace.labels?.[9], 'LABEL_9');
    const deit = await of('hf-deit', { imgSize: 224 });
    assert.deepEqual([deit.mean, deit.resize, deit.interpolation], [imagenet, [256, 256], 'bicubic']);
    const google = await of('google-vit.npz');
    assert.deepEqual([google.mean, google.resize], [half, [32, 32]]);
  });

  it("takes Hugging Face's preprocessor_config.json at its word", async () => {
    const folder = await huggingFace('processor', (name) => name);
    const given = {
      size: { shortest_edge: 40 },
      crop_size: 32,
      do_center_crop: true,
      resample: 3,
      image_mean: [0, 0, 1],
    };
    writeFileSync(path('processor/preprocessor_config.json'), JSON.stringify(given));
    using model = await ViT.fromPretrained(folder);
    const { resize, crop, interpolation, mean, std } = model.pretrainedConfig ?? assert.fail('no pretrainedConfig');
    assert.deepEqual([resize, crop, interpolation], [40, [32, 32], 'bicubic']);
    assert.deepEqual(
      [mean, std],
      [
        [0, 0, 1],
        [0.5, 0.5, 0.5],
      ],
    );
  });

  it("takes heads and preprocessing from timm's config.json", async () => {
    mkdirSync(path('timm'));
    copyFileSync(goldenPath('timm-vit.safetensors'), path('timm/model.safetensors'));
    const pretrained = { crop_pct: 1, mean: [0.1, 0.2, 0.3], interpolation: 'bilinear', input_size: [3, 32, 32] };
    const config = { architecture: 'vit_tiny_patch16_224', global_pool: 'token', pretrained_cfg: pretrained };
    writeFileSync(path('timm/config.json'), JSON.stringify(config));
    using model = await ViT.fromPretrained(path('timm')); // three heads, as a tiny one has
    assertLogits(model, goldenOf('timm-vit.safetensors'));
    const { resize, interpolation, mean } = model.pretrainedConfig ?? assert.fail('no pretrainedConfig');
    assert.deepEqual([resize, interpolation, mean], [32, 'bilinear', [0.1, 0.2, 0.3]]);
  });
});
