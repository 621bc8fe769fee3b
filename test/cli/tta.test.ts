import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import sharp from 'sharp';
import { classify } from '../../lib/cli/classify.js';
import type { Tta } from '../../lib/cli/tta-flag.js';
import { data, evaluate, manualSeed, ViT } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { runCli } from './run-cli.js';

describe('--tta', function () {
  this.timeout(60_000);
  const at = temporaryDirectory();
  let model: ViT;

  before(async () => {
    manualSeed(0);
    model = new ViT({ imgSize: 8, patchSize: 4, numClasses: 2, embedDim: 8, depth: 1, numHeads: 2, weightInit: '' });
    for (const parameter of model.parameters())
      parameter.set(Float32Array.from({ length: parameter.size }, (_, i) => Math.sin(i * i * 1.7)));
    const half = [0.5, 0.5, 0.5];
    model.pretrainedConfig = {
      ...{ layout: 'vitrine', labels: ['day', 'night'], resize: 12, crop: [8, 8], interpolation: 'bilinear' },
      ...{ mean: half, std: half },
    };
    await model.save(at('model.safetensors'));
    model.eval();
    for (const [n, name] of ['day', 'night'].entries()) {
      mkdirSync(at(`photos/${name}`), { recursive: true });
      for (let i = 0; i < 2; i++) {
        const [width, height] = [16, 12];
        const pixels = Uint8Array.from({ length: width * height * 3 }, (_, k) => (k * k * (7 + i + 3 * n)) % 256);
        const image = sharp(pixels, { raw: { width, height, channels: 3 } });
        await image.png().toFile(at(`photos/${name}/${i}.png`));
        await image
          .flop()
          .png()
          .toFile(at(`${name}-${i}-mirrored.png`));
      }
    }
  });
  after(() => model.dispose());

  /** The probability of each class, in their order. */
  async function chances(files: readonly string[], tta?: Tta): Promise<number[][]> {
    const rows: number[][] = [];
    const inputs = files.map((file) => ({ name: file, file }));
    for await (const result of classify(model, inputs, { top: 2, invert: false, tta })) {
      assert.ok('classes' in result);
      const of = (wanted: string) => result.classes.find(({ name }) => name === wanted)?.probability ?? Number.NaN;
      rows.push([of('day'), of('night')]);
    }
    return rows;
  }
  const near = (a: readonly number[], b: readonly number[]) =>
    assert.ok(
      a.length === b.length && a.every((value, i) => Math.abs(value - (b[i] ?? Number.NaN)) < 1e-6),
      `${a} ${b}`,
    );

  it('flip is the mean of an image and its mirror image', async () => {
    const [plain = [], mirrored = []] = await chances([at('photos/day/1.png'), at('day-1-mirrored.png')]);
    const [both = []] = await chances([at('photos/day/1.png')], 'flip');
    assert.ok(Math.abs((plain[0] ?? 0) - (mirrored[0] ?? 0)) > 1e-5); // they differ
    near(
      both,
      plain.map((value, i) => (value + (mirrored[i] ?? 0)) / 2),
    );
  });

  it('crops of predict are those of the library, of several images at a time', async () => {
    const { train } = await data.imageFolder(at('photos'));
    const files = ['day/0', 'day/1', 'night/0', 'night/1'].map((name) => at(`photos/${name}.png`));
    for (const tta of ['fiveCrop', 'tenCrop'] as const) {
      const { probabilities } = await evaluate(model, train, { tta });
      near((await chances(files, tta)).flat(), [...probabilities]);
    }
  });

  it('is a flag of eval and of predict, and no other word is', async () => {
    const run = ['--run', at('model.safetensors')];
    const { train } = await data.imageFolder(at('photos'));
    const expected = await evaluate(model, train, { tta: 'tenCrop', metrics: ['confusionMatrix'] });
    const told = await runCli(['eval', ...run, '--data', at('photos'), '--tta', 'ten-crop', '--json']);
    assert.equal(told.stderr, '');
    const { loss, count, metrics } = JSON.parse(told.stdout);
    assert.deepEqual([loss, count, metrics.confusionMatrix], [expected.loss, 4, expected.metrics?.confusionMatrix]);
    const wrong = await runCli(['predict', ...run, '--tta', 'twice', at('photos')]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^vitrine: Expected .*flip.*five-crop.*ten-crop.* for --tta but received 'twice'\.\n$/);
  });

  it('is refused with crops of images that are as they are', async () => {
    const { code, stderr } = await runCli([
      'eval',
      ...['--run', at('model.safetensors'), '--data', 'data/digits', '--tta', 'five-crop'],
    ]);
    assert.deepEqual(
      [code, stderr],
      [
        2,
        'vitrine: Expected photographs for --tta with crops but received IDX files. These are as large as the model.\n',
      ],
    );
  });
});
