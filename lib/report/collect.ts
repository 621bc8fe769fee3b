import type { ArrayDataset } from '../data/dataset.js';
import { pretrainedConfigOf } from '../io/pretrained/pretrained-config.js';
import { evaluating } from '../nn/evaluating.js';
import type { ViT } from '../nn/vit/vit.js';
import { tensor } from '../ops/creation.js';
import { mean } from '../ops/reduce.js';
import { slice } from '../ops/slice.js';
import { cosineSimilarity } from '../render/cosine-similarity.js';
import { scope } from '../scope.js';
import type { EpochRecord } from '../train/epoch-record.js';
import type { ReportData, ReportFact } from './report-data.js';
import { type Predictions, sampleAt, selectSamples } from './samples.js';

/** What a report is made from besides the model. */
export interface ReportSources {
  readonly title: string;
  /** The images that the model was tested on. */
  readonly test: ArrayDataset;
  /** What the model made of them. */
  readonly evaluation: Predictions & { readonly accuracy: number };
  /** How training went. */
  readonly training: {
    readonly history: readonly EpochRecord[];
    readonly stopped: boolean;
    readonly trainSeconds: number;
    readonly imagesPerSecond: number;
  };
  readonly classNames: readonly string[];
  readonly settings: readonly ReportFact[];
  readonly machine: readonly ReportFact[];
}

/** Gathers what a report shows from a trained model; runs it on some images for its attention. */
export async function collectReportData(model: ViT, sources: ReportSources): Promise<ReportData> {
  const { title, test, evaluation, training, classNames, settings, machine } = sources;
  const normalised = pretrainedConfigOf(model);
  const chosen = selectSamples(test.labels, evaluation.predictions);
  const sample = (index: number) => sampleAt(test, evaluation, index, normalised);
  return {
    title,
    createdAt: new Date().toISOString(),
    result: {
      testAccuracy: evaluation.accuracy,
      testCount: test.count,
      errorCount: chosen.errorCount,
      trainSeconds: training.trainSeconds,
      imagesPerSecond: training.imagesPerSecond,
      epochs: training.history.length,
      parameters: model.numParameters(),
      stopped: training.stopped,
    },
    machine,
    settings,
    history: training.history,
    classNames,
    samples: { errors: chosen.errors.map(sample), correct: chosen.correct.map(sample) },
    positions: await positionSimilarity(model),
    attention: await classAttention(model, test, chosen.attention, sample),
  };
}

async function positionSimilarity({ posEmbed, grid }: ViT): Promise<ReportData['positions']> {
  if (posEmbed === undefined) return null;
  const [, positions, width] = posEmbed.shape as readonly [number, number, number]; // (1,T,D)
  const patches = grid[0] * grid[1];
  const rows = (await posEmbed.data()).subarray((positions - patches) * width);
  return { grid, similarity: cosineSimilarity(rows, patches, width) };
}

async function classAttention(
  model: ViT,
  test: ArrayDataset,
  indices: readonly number[],
  sample: (index: number) => ReturnType<typeof sampleAt>,
): Promise<ReportData['attention']> {
  if (!model.config.classToken) return null;
  const samples = [];
  for (const index of indices) samples.push({ sample: sample(index), layers: await layersOf(model, test, index) });
  return { grid: model.grid, samples };
}

/** One image at a time: the (1,H,T,T) maps of all layers together are large. */
async function layersOf(model: ViT, { images, shape }: ArrayDataset, index: number): Promise<number[][]> {
  const size = shape[0] * shape[1] * shape[2];
  const rows = evaluating(model, () =>
    scope(() => {
      const image = tensor(images.subarray(index * size, (index + 1) * size), [1, ...shape]);
      return model.attentionMaps(image).map((map) => mean(slice(map, 2, 0, 1), { dim: 1 })); // (1,1,T)
    }),
  );
  const layers = [];
  for (const row of rows) {
    layers.push([...(await row.data())].slice(model.numPrefixTokens));
    row.dispose();
  }
  return layers;
}
