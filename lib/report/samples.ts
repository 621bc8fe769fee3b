import type { ArrayDataset } from '../data/dataset.js';
import { byteOf, type Preprocessing, standardFor } from '../io/pretrained/preprocessing.js';
import type { ReportImage, ReportSample } from './report-data.js';

/** What a model made of a data set: for each image the class, and (count, classes) probabilities. */
export interface Predictions {
  readonly predictions: Int32Array;
  readonly probabilities: Float32Array;
}

// A page with more pictures than these is slow to open and nobody looks at them all.
const MOST_ERRORS = 200;
const CORRECT_SHOWN = 40;
const ATTENTION_SHOWN = 10;

/** Which images to show: the mistaken, an even sample of the others, and one of each class for attention. */
export interface Selection {
  readonly errorCount: number;
  readonly errors: number[];
  readonly correct: number[];
  readonly attention: number[];
}

/** Chooses by the labels and predictions alone, so the same results give the same page. */
export function selectSamples(labels: Int32Array, predictions: Int32Array): Selection {
  const indices = [...labels.keys()];
  const errors = indices.filter((i) => labels[i] !== predictions[i]);
  const correct = indices.filter((i) => labels[i] === predictions[i]);
  const step = Math.max(1, correct.length / CORRECT_SHOWN);
  const sample = Array.from({ length: Math.min(CORRECT_SHOWN, correct.length) }, (_, i) => Math.floor(i * step));
  const ofClass = new Map<number, number>();
  for (const i of [...correct, ...errors]) {
    const label = labels[i] ?? 0;
    if (!ofClass.has(label)) ofClass.set(label, i);
  }
  const byClass = [...ofClass].sort(([a], [b]) => a - b).map(([, i]) => i);
  return {
    errorCount: errors.length,
    errors: errors.slice(0, MOST_ERRORS),
    correct: sample.flatMap((i) => correct[i] ?? []),
    attention: byClass.slice(0, ATTENTION_SHOWN),
  };
}

/** How the pixels of a data set were normalised; by default from -1 (black) to 1. */
export type Normalised = Partial<Pick<Preprocessing, 'mean' | 'std' | 'rescale'>> | undefined;

/** Image `index` of a data set with what the model made of it. */
export function sampleAt(
  data: ArrayDataset,
  { predictions, probabilities }: Predictions,
  index: number,
  normalised: Normalised,
): ReportSample {
  const label = data.labels[index] ?? 0;
  const prediction = predictions[index] ?? 0;
  const classes = probabilities.length / data.count;
  const probability = (of: number): number => (of < 0 ? 0 : (probabilities[index * classes + of] ?? 0));
  return {
    image: imageAt(data, index, normalised),
    label,
    prediction,
    predictionProbability: probability(prediction),
    labelProbability: probability(label),
  };
}

function imageAt({ images, shape }: ArrayDataset, index: number, normalised: Normalised): ReportImage {
  const [channels, height, width] = shape;
  const plane = height * width;
  const size = channels * plane;
  const prepared = { ...standardFor(channels), ...normalised };
  const bytes = Uint8Array.from(images.subarray(index * size, (index + 1) * size), (x, i) =>
    byteOf(x, prepared, Math.floor(i / plane)),
  );
  return { shape, pixels: Buffer.from(bytes).toString('base64') };
}
