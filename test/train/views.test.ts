import assert from 'node:assert/strict';
import sharp from 'sharp';
import { data, evaluate, F, type io, losses, manualSeed, noGrad, scope, ViT } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';

const [SIZE, CLASSES] = [8, 3];
const preprocessing: io.Preprocessing = {
  ...{ resize: 12, crop: [SIZE, SIZE], interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
};
const sizes = [
  [12, 12],
  [12, 17],
  [20, 12],
  [12, 12],
  [14, 12],
] as const;

/** Images in memory, and the same as PNG files. */
const raw: data.RawImage[] = sizes.map(([height, width], n) => ({
  ...{ height, width, channels: 3 },
  pixels: Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 37 + (i >> 5) * 91 + n * 53) % 256),
}));

function setOf(images: readonly data.ImageSource[]): data.Dataset {
  return { length: images.length, get: (i) => ({ image: images[i], label: i % CLASSES }), classes: ['a', 'b', 'c'] };
}

function makeModel(): ViT {
  manualSeed(3);
  return new ViT({ imgSize: SIZE, patchSize: 4, inChans: 3, embedDim: 16, depth: 1, numHeads: 2, numClasses: CLASSES });
}

/** An image's crop, by evaluation's own way with the crop moved to a corner. */
function crop({ pixels, width }: data.RawImage, top: number, left: number): data.RawImage {
  const rows = Array.from({ length: SIZE }, (_, y) => {
    const begin = ((top + y) * width + left) * 3;
    return [...pixels.subarray(begin, begin + SIZE * 3)];
  });
  return { pixels: Uint8Array.from(rows.flat()), height: SIZE, width: SIZE, channels: 3 };
}

function mirrored({ pixels, height, width }: data.RawImage): data.RawImage {
  const flipped = Uint8Array.from(pixels, (_, i) => {
    const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
    return pixels[(y * width + width - 1 - x) * 3 + c];
  });
  return { pixels: flipped, height, width, channels: 3 };
}

/** Mean probabilities over sets of images that are the model's size already. */
async function meanOver(model: ViT, sets: readonly (readonly data.RawImage[])[]): Promise<number[]> {
  const whole = { ...preprocessing, resize: 'none' as const };
  const all: Float32Array[] = [];
  for (const set of sets) all.push((await evaluate(model, setOf(set), { preprocessing: whole })).probabilities);
  return Array.from(all[0], (_, i) => all.reduce((sum, one) => sum + one[i], 0) / all.length);
}

// What needs no resizing: the shorter side is 12 already.
const fitting = raw.filter(({ height, width }) => Math.min(height, width) === 12);
const CORNERS: readonly ((image: data.RawImage) => [top: number, left: number])[] = [
  () => [0, 0],
  ({ width }) => [0, width - SIZE],
  ({ height }) => [height - SIZE, 0],
  ({ height, width }) => [height - SIZE, width - SIZE],
];

function near(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  assert.equal(actual.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) assert.ok(Math.abs(actual[i] - wanted[i]) < 1e-6, `${i}`);
}

describe('evaluate with several views of each image', () => {
  const middles = async (model: ViT): Promise<Float32Array> =>
    (await evaluate(model, setOf(fitting), { preprocessing })).probabilities;

  it("takes the mean over torchvision's five crops, and over ten", () =>
    leavesNothing(async () => {
      using model = makeModel();
      const corners = CORNERS.map((at) => fitting.map((image) => crop(image, ...at(image))));
      const four = await meanOver(model, corners);
      const middle = await middles(model);
      const five = Array.from(middle, (value, i) => (4 * four[i] + value) / 5);
      const options = { preprocessing, batchSize: 2 };
      const crops = await evaluate(model, setOf(fitting), { ...options, tta: 'fiveCrop' });
      near(crops.probabilities, five);
      const flips = await meanOver(
        model,
        corners.map((set) => set.map(mirrored)),
      );
      const flip = await evaluate(model, setOf(fitting), { ...options, tta: 'flip' });
      const ten = await evaluate(model, setOf(fitting), { ...options, tta: 'tenCrop' });
      const mirroredMiddle = Array.from(flip.probabilities, (value, i) => 2 * value - middle[i]);
      near(
        ten.probabilities,
        five.map((value, i) => (5 * value + 4 * flips[i] + mirroredMiddle[i]) / 10),
      );
      assert.deepEqual([...crops.predictions].length, fitting.length);
    }));

  it("gives the loss of the mean, and 'flip' is for arrays as well", () =>
    leavesNothing(async () => {
      using model = makeModel();
      const count = 5;
      const images = Float32Array.from({ length: count * 3 * SIZE * SIZE }, (_, i) => ((i * 7919) % 200) / 100 - 1);
      const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
      const arrays = { images, labels, count, shape: [3, SIZE, SIZE] as const, numClasses: CLASSES };
      const { loss, probabilities, accuracy } = await evaluate(model, arrays, { batchSize: 2, tta: 'flip' });
      const mirror = Float32Array.from(images, (_, i) => images[i - (i % SIZE) + SIZE - 1 - (i % SIZE)]);
      const [a, b] = [await evaluate(model, arrays), await evaluate(model, { ...arrays, images: mirror })];
      const mean = a.probabilities.map((p, i) => (p + b.probabilities[i]) / 2);
      near(probabilities, mean);
      const value = labels.reduce((sum, label, i) => sum - Math.log(mean[i * CLASSES + label]), 0) / count;
      assert.ok(Math.abs(loss - value) < 1e-5);
      assert.ok(accuracy >= 0);
      const several = { loss: losses.binaryCrossEntropy(), tta: 'flip' } as const;
      assert.ok(Math.abs((await evaluate(model, arrays, several)).loss) < 5);
      await assert.rejects(
        evaluate(model, arrays, { tta: 'fiveCrop' }),
        /Expected images of files or bytes for evaluate tta 'fiveCrop'/,
      );
    }));

  it('takes views that are drawn as training images are', () =>
    leavesNothing(async () => {
      using model = makeModel();
      const augment = { scale: [0.5, 1] as const };
      await using set = new data.DataLoader<data.Dataset>(setOf(raw), { preprocessing, batchSize: 2 });
      const { probabilities } = await evaluate(model, set, { tta: { views: 3, augment, seed: 8 } });
      await using drawn = new data.DataLoader<data.Dataset>(setOf(raw), {
        preprocessing,
        batchSize: 5,
        augment,
        seed: 8,
      });
      const sums = new Float64Array(raw.length * CLASSES);
      model.eval();
      for (let epoch = 0; epoch < 3; epoch++) {
        for await (const { images, labels } of drawn) {
          const rows = scope(() => noGrad(() => F.softmax(model.forward(images)).dataSync()));
          for (const [i, value] of rows.entries()) sums[i] += value / 3;
          images.dispose();
          labels.dispose();
        }
      }
      near(probabilities, sums);
    }));

  it('has the pixels of files, decoded once, too', () =>
    leavesNothing(async () => {
      using model = makeModel();
      const files = await Promise.all(raw.map(({ pixels, ...rest }) => sharp(pixels, { raw: rest }).png().toBuffer()));
      const options = { preprocessing, tta: 'tenCrop' } as const;
      const [a, b] = [await evaluate(model, setOf(files), options), await evaluate(model, setOf(raw), options)];
      assert.deepEqual(a.probabilities, b.probabilities);
    }));

  it('refuses crops that would all be the same, and what is no view', async () => {
    using model = makeModel();
    const tight = { ...preprocessing, resize: [SIZE, SIZE] as const };
    await assert.rejects(
      evaluate(model, setOf(raw), { preprocessing: tight, tta: 'fiveCrop' }),
      /Expected images resized beyond 8 x 8 for evaluate tta 'fiveCrop' but received 8 x 8\. All crops/,
    );
    await assert.rejects(
      evaluate(model, setOf(raw), { preprocessing, tta: 'mirror' as never }),
      /Expected one of 'flip', 'fiveCrop'/,
    );
    const wrong = { views: 2, augment: {}, sead: 1 } as never;
    await assert.rejects(evaluate(model, setOf(raw), { preprocessing, tta: wrong }), /Did you mean seed\?/);
  });
});
