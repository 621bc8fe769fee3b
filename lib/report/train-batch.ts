import { isDataset } from '../data/sets/dataset.js';
import { orderOf } from '../data/shuffle.js';
import { isLoader, type TrainingData } from '../train/training-data.js';
import { formatPercent } from './format.js';
import { picturesOf, picturesOfBatch } from './images.js';
import type { ReportData } from './report-data.js';
import type { Normalised } from './thumbnail.js';

// Two rows on a desktop.
const MOST_SHOWN = 16;

/**
 * Training images as the model sees them: of a loader the first epoch's first batch, augmented and mixed; of arrays some
 * in a random order.
 */
export async function trainBatchOf(
  data: TrainingData,
  normalised: Normalised,
  classNames: readonly string[],
): Promise<ReportData['trainBatch']> {
  const name = (label: number): string => classNames[label] ?? String(label);
  if (!isLoader(data)) {
    const indices = [...orderOf(data.count, 0, 0).slice(0, MOST_SHOWN)];
    const pictures = await picturesOf(data, indices, normalised);
    return indices.flatMap((index) => {
      const image = pictures.get(index);
      return image === undefined ? [] : [{ image, text: name(data.labels[index]) }];
    });
  }
  if (!isDataset(data.dataset)) return []; // a stream, which can perhaps be read once only
  for await (const batch of data.feedBatches(0)) {
    const { labels, targets, count } = batch;
    const images = await picturesOfBatch(batch, data, normalised, Math.min(count, MOST_SHOWN));
    const classes = (targets?.length ?? 0) / count;
    return images.map((image, i) => ({
      image,
      text: targets ? mixedText(targets.subarray(i * classes, (i + 1) * classes), name) : name(labels?.[i] ?? 0),
    }));
  }
  return [];
}

// What smoothing spreads over all classes is not worth a word.
const LEAST_SHARE = 0.05;

/** What an image is of that is mixed from several, the greatest share first. */
function mixedText(target: Float32Array, name: (label: number) => string): string {
  const shares = [...target].map((share, label) => ({ share, label })).filter(({ share }) => share >= LEAST_SHARE);
  const sorted = shares.sort((a, b) => b.share - a.share);
  if (sorted.length === 1) return name(sorted[0].label);
  return sorted.map(({ share, label }) => `${name(label)} ${formatPercent(share)}`).join(', ');
}
