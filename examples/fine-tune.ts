/**
 * Transfer, as in the paper but small: a model learns the odd digits from many images, then the even ones from a few,
 * beside one that learns these few from scratch.
 *
 * Run: node dist/examples/fine-tune.js
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data, manualSeed, optim, Trainer, ViT } from '../lib/index.js';

const shots = [1, 2, 5, 10, 20]; // images of each digit
const draws = 3; // of the few images; accuracies are means over them
const options = { imgSize: 8, patchSize: 4, inChans: 1, embedDim: 64, depth: 4, numHeads: 4 };

/** The images of some digits, at most so many of each from the `draw`-th on; labelled by position in `digits`. */
function only(
  all: data.ArrayDataset,
  digits: readonly number[],
  most = Number.POSITIVE_INFINITY,
  draw = 0,
): data.ArrayDataset {
  const chosen = digits.flatMap((digit) => {
    const those = [...all.labels.keys()].filter((i) => all.labels[i] === digit);
    return most === Number.POSITIVE_INFINITY ? those : those.slice(draw * most, (draw + 1) * most);
  });
  const pixels = all.shape[0] * all.shape[1] * all.shape[2];
  const images = new Float32Array(chosen.length * pixels);
  for (const [to, i] of chosen.entries()) images.set(all.images.subarray(i * pixels, (i + 1) * pixels), to * pixels);
  const labels = Int32Array.from(chosen, (i) => digits.indexOf(all.labels[i]));
  return { ...all, images, labels, count: chosen.length, numClasses: digits.length };
}

/** With copies that are moved by a pixel each way: nine times as many, so that the model learns what does not matter. */
function withShifts(set: data.ArrayDataset): data.ArrayDataset {
  const [channels, height, width] = set.shape;
  const moves = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));
  const images = moves.flatMap(([dy, dx]) =>
    Array.from(set.images, (_, i) => {
      const [row, column] = [(Math.floor(i / width) % height) + dy, (i % width) + dx];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      return inside ? set.images[i + dy * width + dx] : -1; // black
    }),
  );
  const labels = Int32Array.from(moves.flatMap(() => [...set.labels]));
  return {
    images: Float32Array.from(images),
    labels,
    count: labels.length,
    shape: [channels, height, width],
    numClasses: set.numClasses,
  };
}

/** Trains for about so many steps with the learning rate falling to 0, and tells the accuracy on other images. */
async function learn(
  model: ViT,
  from: data.ArrayDataset,
  test: data.ArrayDataset,
  steps: number,
  groups: optim.ParameterGroup[],
) {
  const batchSize = Math.min(50, from.count);
  const stepsPerEpoch = Math.ceil(from.count / batchSize);
  const epochs = Math.ceil(steps / stepsPerEpoch);
  const optimizer = new optim.AdamW(groups, { weightDecay: 0.05 });
  const schedule = optim.cosineSchedule({ lr: 3e-3, totalSteps: epochs * stepsPerEpoch, warmupSteps: 10 });
  const trainer = new Trainer({ model, optimizer, schedule, train: from, batchSize, epochs, clipGradNorm: 1 });
  await trainer.fit();
  return (await trainer.evaluate(test)).accuracy;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
const folder = fileURLToPath(new URL('../../data/digits/', import.meta.url));
const [train, test] = [await data.loadIdxDataset(folder, 'train'), await data.loadIdxDataset(folder, 'test')];
const [odd, even] = [
  [1, 3, 5, 7, 9],
  [0, 2, 4, 6, 8],
];

manualSeed(0);
const temporary = await mkdtemp(join(tmpdir(), 'vitrine-'));
try {
  const checkpoint = join(temporary, 'odd.safetensors');
  const many = withShifts(only(train, odd));
  // One output more than there are odd digits: what is transferred is all but the head.
  using teacher = new ViT({ ...options, numClasses: odd.length + 1 });
  const accuracy = await learn(teacher, many, only(test, odd), 1200, [{ params: teacher.parameters() }]);
  console.log(`odd digits from ${many.count} images: ${percent(accuracy)} right\n`);
  await teacher.save(checkpoint);

  console.log('even digits      transferred   from scratch');
  for (const count of shots) {
    const sums = { transferred: 0, scratch: 0 };
    for (let draw = 0; draw < draws; draw++) {
      const few = only(train, even, count, draw);
      // Another number of classes: a new head, of zeros. Layers near the image learn more slowly than those above.
      using tuned = await ViT.fromPretrained(checkpoint, { numHeads: options.numHeads, numClasses: even.length });
      sums.transferred += await learn(
        tuned,
        few,
        only(test, even),
        40,
        optim.layerDecayGroups(tuned, { layerDecay: 0.9 }),
      );
      using fresh = new ViT({ ...options, numClasses: even.length });
      sums.scratch += await learn(fresh, few, only(test, even), 40, [{ params: fresh.parameters() }]);
    }
    const row = [percent(sums.transferred / draws).padStart(14), percent(sums.scratch / draws).padStart(15)];
    console.log(`${String(count).padStart(4)} of each${row.join('')}`);
  }
} finally {
  await rm(temporary, { recursive: true });
}
