import { expected, Text } from '../check.js';
import type { ArrayDataset } from './dataset.js';
import { orderOf } from './shuffle.js';

/** The images of a data set at some positions. */
export function pick(dataset: ArrayDataset, positions: ArrayLike<number>): ArrayDataset {
  const { images, labels, shape } = dataset;
  const pixels = shape[0] * shape[1] * shape[2];
  const count = positions.length;
  const picked = { images: new Float32Array(count * pixels), labels: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const at = positions[i];
    picked.images.set(images.subarray(at * pixels, (at + 1) * pixels), i * pixels);
    picked.labels[i] = labels[at];
  }
  return { ...dataset, ...picked, count };
}

/** The first images of a data set. */
export function firstOf(dataset: ArrayDataset, most: number): ArrayDataset {
  const count = Math.min(most, dataset.count);
  const pixels = dataset.images.length / dataset.count;
  const images = dataset.images.subarray(0, count * pixels);
  return { ...dataset, images, labels: dataset.labels.subarray(0, count), count };
}

/**
 * Two parts of a data set, the second a share of each class, drawn by the seed.
 *
 * @throws TypeError where a part would be empty
 */
export function splitOff(dataset: ArrayDataset, share: number, seed: number): [rest: ArrayDataset, part: ArrayDataset] {
  const byClass = new Map<number, number[]>();
  for (const at of orderOf(dataset.count, seed, -1)) {
    const label = dataset.labels[at];
    const own = byClass.get(label);
    if (own === undefined) byClass.set(label, [at]);
    else own.push(at);
  }
  const part = [...byClass.values()].flatMap((own) => own.slice(0, Math.round(share * own.length)));
  const chosen = new Set(part);
  const rest = Array.from({ length: dataset.count }, (_, at) => at).filter((at) => !chosen.has(at));
  if (part.length === 0 || rest.length === 0) {
    const received = new Text(`${share} of ${dataset.count} images`);
    throw expected('a share that leaves images in both parts', 'Trainer validationSplit', received);
  }
  return [
    pick(dataset, rest),
    pick(
      dataset,
      part.sort((a, b) => a - b),
    ),
  ];
}
