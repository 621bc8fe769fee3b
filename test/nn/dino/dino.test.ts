import assert from 'node:assert/strict';
import { data, nn, rand, scope, updateTeacher, ViT } from '../../../lib/index.js';
import { assertBadInput, assertNear, assertSameBits, returnsMemory } from '../../native-op.js';

const vit = () =>
  new ViT({
    ...{ imgSize: 8, patchSize: 4, inChans: 1, embedDim: 8, depth: 1, numHeads: 2, numClasses: 0 },
    dynamicImgSize: true,
  });
const HEAD = { hiddenDim: 8, bottleneckDim: 4 };

const PREPROCESSING = { resize: [8, 8], crop: [8, 8], interpolation: 'bicubic', mean: [0], std: [1] } as const;

describe('DINO', () => {
  returnsMemory();

  it('scores crops of several sizes as each alone, one after the other', () => {
    using model = new nn.MultiCropWrapper(vit(), new nn.DINOHead(8, 5, HEAD));
    scope(() => {
      const crops = [rand([2, 1, 8, 8]), rand([2, 1, 8, 8]), rand([2, 1, 4, 4])];
      const scores = model.forward(crops);
      assert.deepEqual([...scores.shape], [6, 5]);
      const values = scores.dataSync();
      for (const [i, crop] of crops.entries()) {
        const own = { shape: [2, 5], data: values.slice(10 * i, 10 * (i + 1)) };
        assertNear(model.forward([crop]), own, `crop ${i}`);
      }
      assertBadInput(() => model.forward([]), /at least one crop/);
    });
  });

  it('leaves the lengths of prototypes alone unless told', () => {
    using fixed = new nn.DINOHead(8, 5, HEAD);
    using free = new nn.DINOHead(8, 5, { ...HEAD, normLastLayer: false });
    scope(() => {
      for (const head of [fixed, free])
        head
          .forward(rand([2, 8]))
          .sum()
          .backward();
      assert.deepEqual([fixed.lastLayer.weightG.grad, free.lastLayer.weightG.grad === null], [null, false]);
    });
  });

  it('keeps prototypes where they are for the first epochs, and nothing else', () => {
    using model = new nn.MultiCropWrapper(vit(), new nn.DINOHead(8, 5, HEAD));
    const withGradients = (epoch: number): string[] =>
      scope(() => {
        model
          .forward([rand([2, 1, 8, 8])])
          .sum()
          .backward();
        nn.cancelGradientsLastLayer(epoch, model, 1);
        const named = [...model.namedParameters()].filter(([, { grad }]) => grad !== null).map(([name]) => name);
        for (const parameter of model.parameters()) {
          parameter.grad?.dispose();
          parameter.grad = null;
        }
        return named;
      });
    const [first, second] = [withGradients(0), withGradients(1)];
    assert.deepEqual(
      second.filter((name) => !first.includes(name)),
      ['head.last_layer.weight_v'],
    );
    assert.ok(first.includes('head.mlp.0.weight') && first.includes('backbone.patch_embed.proj.weight'));
  });

  it('moves a teacher by the momentum, and copies with none', () => {
    using teacher = new nn.Linear(2, 1);
    using student = new nn.Linear(2, 1);
    using other = new nn.Linear(3, 1);
    const [before, given] = [teacher.weight.dataSync(), student.weight.dataSync()];
    updateTeacher(teacher, student, 0.75);
    const expected = { shape: [1, 2], data: before.map((value, i) => 0.75 * value + 0.25 * given[i]) };
    assertNear(teacher.weight, expected, 'weight');
    updateTeacher(teacher, student, 0);
    assertSameBits(teacher.weight, student.weight, 'copy');
    assertBadInput(() => updateTeacher(teacher, other, 0.5), /parameters as the teacher's: weight/);
  });

  it('is fed crops of the same images, each crop its own, the same for the same seed', async () => {
    const images = Uint8Array.from({ length: 4 * 64 }, (_, i) => 60 * Math.floor(i / 64) + (i % 64) / 2);
    const set = data.fromArrays({ images, labels: [0, 1, 2, 3], shape: [1, 8, 8] });
    const options = {
      ...{ batchSize: 4, shuffle: true, preprocessing: PREPROCESSING, localCrops: 2, localSize: 4 },
      augment: { colorJitter: 0 },
    };
    const seen: Float32Array[][] = [];
    for (let run = 0; run < 2; run++) {
      await using loader = new data.MultiCropLoader(set, options);
      assert.deepEqual([loader.numCrops, loader.length], [4, 1]);
      for await (const { crops, labels } of loader) {
        assert.deepEqual(
          crops.map(({ shape }) => [...shape]),
          [8, 8, 4, 4].map((side) => [4, 1, side, side]),
        );
        const order = labels?.dataSync() ?? [];
        // An image's pixels lie within 32 of its own level, 60 from the next one's.
        for (const crop of crops) {
          for (const [i, value] of crop.dataSync().entries()) {
            const level = 255 * value - 60 * order[Math.floor((i * 4) / crop.size)];
            assert.ok(level > -8 && level < 40, `${level}`);
          }
        }
        seen.push(crops.map((crop) => crop.dataSync() as Float32Array));
        for (const tensor of [...crops, labels]) tensor?.dispose();
      }
    }
    assert.deepEqual(seen[0], seen[1]);
    assert.notDeepEqual(seen[0][0], seen[0][1]);
    assert.notDeepEqual(seen[0][2], seen[0][3]);
  });

  /** Bytes of an image's crops, all of it, one large and two more than asked for, by what becomes of each. */
  async function cropsOf(more: Partial<data.MultiCropLoaderOptions>): Promise<number[][]> {
    // Reds of 200 beside 60, without a middle; green and blue are none.
    const images = Uint8Array.from({ length: 192 }, (_, i) => (i < 64 ? (i % 2 === 0 ? 200 : 60) : 0));
    const set = data.fromArrays({ images, labels: [0], shape: [3, 8, 8] });
    const whole = { globalScale: [1, 1], localScale: [1, 1], globalCrops: 2, localCrops: 1, localSize: 8 } as const;
    const plain = { colorJitter: 0, hflip: 0, ratio: [1, 1], ...more.augment } as const;
    await using loader = new data.MultiCropLoader(set, {
      ...{ batchSize: 1, preprocessing: { ...PREPROCESSING, mean: [0, 0, 0], std: [1, 1, 1] } },
      ...{ ...whole, ...more, augment: plain },
    });
    const found: number[][] = [];
    for await (const { crops, labels } of loader) {
      for (const crop of crops) found.push([...crop.dataSync()].map((value) => Math.round(255 * value)));
      for (const tensor of [...crops, labels]) tensor?.dispose();
    }
    return found;
  }

  it('makes crops grey, blurs and solarises them, each by its own options', async () => {
    const [plain, solarised, blurred] = await cropsOf({
      globalAugment: [{}, { solarizeProb: 1 }],
      localAugment: { gaussianBlurProb: 1 },
    });
    assert.deepEqual([plain.slice(0, 2), plain[64]], [[200, 60], 0]);
    assert.deepEqual([solarised.slice(0, 2), solarised[64]], [[55, 60], 0]);
    const between = Math.max(...blurred.slice(0, 64)) < 200 && Math.min(...blurred.slice(0, 64)) > 60;
    assert.ok(between && blurred[64] === 0, `${blurred.slice(0, 4)}`);
    const [first, second] = await cropsOf({ augment: { grayscaleProb: 1 }, globalAugment: [{}, { grayscaleProb: 0 }] });
    // ITU-R 601: 0.299 of the red.
    assert.deepEqual(
      [0, 64, 128].map((i) => first.slice(i, i + 2)),
      [0, 1, 2].map(() => [60, 18]),
    );
    assert.deepEqual(second, plain);
    const jittered = { colorJitter: [0.4, 0.4, 0.2, 0.1], colorJitterProb: 0 };
    assert.deepEqual((await cropsOf({ augment: jittered }))[0], plain);
  });

  it("draws as Meta's DINO does", async () => {
    const images = Uint8Array.from({ length: 100 * 192 }, (_, i) => (i * 7919) % 251);
    const set = data.fromArrays({ images, labels: new Array<number>(100).fill(0), shape: [3, 8, 8] });
    const preprocessing = { ...PREPROCESSING, mean: [0, 0, 0], std: [1, 1, 1] };
    const options = { batchSize: 100, preprocessing, localCrops: 1, localSize: 8, ...data.DINO_AUGMENT };
    await using loader = new data.MultiCropLoader(set, options);
    for await (const { crops, labels } of loader) {
      for (const crop of crops) {
        const values = crop.dataSync();
        const grey = Array.from({ length: 100 }, (_, n) =>
          Array.from({ length: 64 }, (_, i) => values[192 * n + i]).every((red, i) => red === values[192 * n + 64 + i]),
        ).filter(Boolean).length;
        assert.ok(grey > 8 && grey < 34, `${grey} of 100 are grey`); // 3 standard deviations about 20
      }
      for (const tensor of [...crops, labels]) tensor?.dispose();
    }
  });

  it('refuses augmentations that mix, and small crops without a size', () => {
    const set = data.fromArrays({ images: new Uint8Array(64), labels: [0], shape: [1, 8, 8] });
    const options = { batchSize: 1, preprocessing: PREPROCESSING };
    assertBadInput(() => new data.MultiCropLoader(set, options), /localSize/);
    const mixing = { ...options, localCrops: 0, augment: { mixup: 1 } };
    assertBadInput(() => new data.MultiCropLoader(set, mixing), /single images .* mixup/);
    const none = { ...options, localCrops: 0 };
    const few = { ...none, globalAugment: [{}] };
    assertBadInput(() => new data.MultiCropLoader(set, few), /as many as globalCrops, 2, .* globalAugment .* 1/);
    const scaled = { ...none, localAugment: { scale: [0.1, 1] } } as data.MultiCropLoaderOptions;
    assertBadInput(() => new data.MultiCropLoader(set, scaled), /globalScale and localScale .* localAugment/);
    const often = { ...none, globalAugment: [{}, { solarizeProb: 2 }] };
    assertBadInput(() => new data.MultiCropLoader(set, often), /solarizeProb/);
  });
});
