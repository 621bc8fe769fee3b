import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { io, ViT } from '../../../lib/index.js';
import { returnsMemory } from '../../native-op.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { goldenPath } from './fixtures.js';

const size = { imgSize: 224, patchSize: 32, numClasses: 0, embedDim: 64, depth: 1, numHeads: 1 } as const;

interface Case {
  cropPct: number;
  imgSize: number;
  resize: number;
}

describe('pretrainedConfig at another image size', () => {
  returnsMemory();
  const path = temporaryDirectory();

  const prepared = async (folder: string, imgSize: number | readonly [number, number]): Promise<unknown[]> => {
    const untold = { numHeads: 1, normEps: 1e-6, act: 'gelu', globalPool: 'token' } as const;
    using model = await ViT.fromPretrained(path(folder), { imgSize, ...untold });
    const { resize, crop } = model.pretrainedConfig ?? assert.fail('no pretrainedConfig');
    return [resize, crop];
  };

  it("is timm's for that size", async () => {
    using model = new ViT(size);
    const golden = JSON.parse(readFileSync(goldenPath('timm-resize.json'), 'utf8')) as { cases: Case[] };
    for (const pct of new Set(golden.cases.map(({ cropPct }) => cropPct))) {
      const folder = `timm-${pct}`;
      mkdirSync(path(folder));
      await io.saveSafetensors(path(`${folder}/model.safetensors`), model.stateDict());
      const pretrained = { crop_pct: pct, input_size: [3, 224, 224] };
      writeFileSync(path(`${folder}/config.json`), JSON.stringify({ pretrained_cfg: pretrained }));
      for (const { imgSize, resize } of golden.cases.filter(({ cropPct }) => cropPct === pct)) {
        assert.deepEqual(await prepared(folder, imgSize), [resize, [imgSize, imgSize]], `${pct} ${imgSize}`);
      }
    }
  });

  it("is still timm's once the model was saved here", async () => {
    using model = new ViT(size);
    model.pretrainedConfig = {
      ...{ layout: 'timm', resize: 248, crop: [224, 224], cropPct: 0.9 },
      ...{ interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
    };
    mkdirSync(path('own'));
    await model.save(path('own/model.safetensors'));
    assert.deepEqual(await prepared('own', 384), [426, [384, 384]]);
    assert.deepEqual(await prepared('own', 224), [248, [224, 224]]);
    assert.deepEqual(await prepared('own', [96, 384]), [
      [106, 426],
      [96, 384],
    ]);
  });

  // The sizes of the preprocessor_config.json of Hugging Face's own models: those of DeiT at 384 say 438 and 384.
  for (const [what, processor, expected] of [
    [
      'stretched',
      { size: { height: 224, width: 224 } },
      [
        [384, 384],
        [384, 384],
      ],
    ],
    [
      'stretched, by one number',
      { size: 224 },
      [
        [384, 384],
        [384, 384],
      ],
    ],
    [
      'stretched, then cropped',
      { size: 256, do_center_crop: true, crop_size: 224 },
      [
        [438, 438],
        [384, 384],
      ],
    ],
    ['scaled, then cropped', { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: 224 }, [438, [384, 384]]],
    [
      'of a processor for another size',
      { size: { height: 96, width: 96 } },
      [
        [384, 384],
        [384, 384],
      ],
    ],
  ] as const) {
    it(`keeps to Hugging Face's processor: ${what}`, async () => {
      using model = new ViT(size);
      const folder = what.replace(/\W+/g, '-');
      await model.save(path(folder), { layout: 'hf' });
      writeFileSync(path(`${folder}/preprocessor_config.json`), JSON.stringify(processor));
      assert.deepEqual(await prepared(folder, 384), expected);
    });
  }

  it("keeps torchvision's proportion of the weights' own size", async () => {
    using model = new ViT({ ...size, numClasses: 2 });
    mkdirSync(path('torchvision'));
    await model.save(path('torchvision/model.safetensors'), { layout: 'torchvision' });
    assert.deepEqual(await prepared('torchvision', 224), [256, [224, 224]]);
    assert.deepEqual(await prepared('torchvision', 384), [438, [384, 384]]);
  });
});
