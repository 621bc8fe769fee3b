import { pretrainedConfigOf } from '../io/pretrained/pretrained-config.js';
import { evaluating } from '../nn/evaluating.js';
import { ViT } from '../nn/vit/vit.js';
import { mean } from '../ops/reduce.js';
import { slice } from '../ops/slice.js';
import { cosineSimilarity } from '../render/cosine-similarity.js';
import { scope } from '../scope.js';
import type { EpochRecord } from '../train/epoch-record.js';
import type { Classifier } from '../train/evaluate.js';
import { computeMetrics } from '../train/metric-set.js';
import { isLoader, type TrainingData } from '../train/training-data.js';
import { inputAt, picturesOf } from './images.js';
import { similarityMosaic } from './picture.js';
import type { ReportClass, ReportData, ReportFact, ReportSample, ReportState } from './report-data.js';
import { type LabelledPredictions, selectSamples } from './select-samples.js';
import type { Normalised } from './thumbnail.js';

/** What a report is made from besides the model. */
export interface ReportSources {
  readonly title: string;
  readonly state: ReportState;
  /** The images that the model was tested on, and what it made of them. */
  readonly test: { readonly data: TrainingData; readonly evaluation: ReportEvaluation } | undefined;
  readonly trainBatch: ReportData['trainBatch'];
  /** How training went. */
  readonly training: {
    readonly history: readonly EpochRecord[];
    readonly trainSeconds: number;
    readonly imagesPerSecond: number;
  };
  readonly classNames: readonly string[];
  readonly settings: readonly ReportFact[];
  readonly machine: readonly ReportFact[];
}

/** The part of an evaluation that a report needs. */
export type ReportEvaluation = Omit<LabelledPredictions, 'labels'> & { readonly accuracy: number };

/** Gathers what a report shows from a model; runs it on some images for its attention. */
export async function collectReportData(model: Classifier, sources: ReportSources): Promise<ReportData> {
  const { title, state, test, trainBatch, training, classNames, settings, machine } = sources;
  const { trainSeconds, imagesPerSecond, history } = training;
  const tested = test && (await testOf(model, test.data, test.evaluation));
  return {
    title,
    createdAt: new Date().toISOString(),
    state,
    result: { trainSeconds, imagesPerSecond, parameters: model.numParameters() },
    machine,
    settings,
    history,
    classNames,
    trainBatch,
    test: tested?.test ?? null,
    positions: model instanceof ViT ? await positionSimilarity(model) : null,
    attention: tested?.attention ?? null,
  };
}

/** How the pixels of a model's images were normalised. */
export function normalisedFor(model: Classifier): Normalised {
  return pretrainedConfigOf(model);
}

async function testOf(
  model: Classifier,
  data: TrainingData,
  { predictions, probabilities, accuracy }: ReportEvaluation,
): Promise<Pick<ReportData, 'attention'> & { test: ReportData['test'] }> {
  const labels = (isLoader(data) ? data.dataset.labels : data.labels) ?? new Int32Array(0);
  // Where images could not be read, predictions are fewer, and it is not known whose they are.
  if (labels.length !== predictions.length) return { test: null, attention: null };
  const outcome = { labels: Int32Array.from(labels), predictions, probabilities };
  const chosen = await selectSamples(outcome);
  const { mistakes, uncertain, recognised, attention } = chosen;
  const pictures = await picturesOf(
    data,
    [...mistakes, ...uncertain, ...recognised, ...attention],
    normalisedFor(model),
  );
  const samplesAt = (indices: readonly number[]): ReportSample[] =>
    indices.flatMap((index) => {
      const image = pictures.get(index);
      return image === undefined ? [] : [{ image, ...answerAt(outcome, index) }];
    });
  return {
    test: {
      accuracy,
      count: labels.length,
      errorCount: chosen.errorCount,
      ...(await ofClasses(outcome)),
      samples: {
        mistakes: samplesAt(mistakes),
        uncertain: samplesAt(uncertain),
        recognised: samplesAt(recognised),
      },
    },
    attention:
      model instanceof ViT && model.config.classToken
        ? await classAttention(model, data, attention, (index) => samplesAt([index])[0])
        : null,
  };
}

function answerAt({ labels, predictions, probabilities }: LabelledPredictions, index: number) {
  const [label, prediction] = [labels[index], predictions[index]];
  const classes = probabilities.length / labels.length;
  const probability = (of: number): number => (of < 0 ? 0 : probabilities[index * classes + of]);
  return {
    label,
    prediction,
    predictionProbability: probability(prediction),
    labelProbability: probability(label),
  };
}

type OfClasses = Pick<NonNullable<ReportData['test']>, 'classes' | 'confusion'>;

/** How each class fared, and what it was taken for. */
async function ofClasses(outcome: LabelledPredictions): Promise<OfClasses> {
  const classes = outcome.probabilities.length / outcome.labels.length;
  const chosen = ['precisionPerClass', 'recallPerClass', 'f1PerClass'] as const;
  const metrics = await computeMetrics(chosen, { ...outcome, classes });
  const [precision, recall, f1] = chosen.map((name) => metrics[name] as readonly number[]); // one of each class
  const images = new Uint32Array(classes);
  const confusion = new Map<number, number>();
  for (const [i, label] of outcome.labels.entries()) {
    images[label]++;
    const prediction = outcome.predictions[i];
    if (prediction < 0) continue;
    const cell = label * classes + prediction;
    confusion.set(cell, (confusion.get(cell) ?? 0) + 1);
  }
  return {
    classes: Array.from(
      images,
      (count, c): ReportClass => ({ images: count, precision: precision[c], recall: recall[c], f1: f1[c] }),
    ),
    confusion: [...confusion]
      .sort(([a], [b]) => a - b)
      .map(([cell, count]) => [Math.floor(cell / classes), cell % classes, count] as const),
  };
}

async function positionSimilarity({ posEmbed, grid }: ViT): Promise<ReportData['positions']> {
  if (posEmbed === undefined) return null;
  const [, positions, width] = posEmbed.shape as readonly [number, number, number]; // (1,T,D)
  const patches = grid[0] * grid[1];
  const rows = (await posEmbed.data()).subarray((positions - patches) * width);
  const maps = await cosineSimilarity(rows, patches, width);
  const least = maps.reduce((found, map) => Math.min(found, ...map), 1);
  return { grid, least, uri: await similarityMosaic(grid, maps) };
}

async function classAttention(
  model: ViT,
  data: TrainingData,
  indices: readonly number[],
  sampleAt: (index: number) => ReportSample | undefined,
): Promise<ReportData['attention']> {
  const samples = [];
  for (const index of indices) {
    const sample = sampleAt(index);
    if (sample !== undefined) samples.push({ sample, layers: await layersOf(model, data, index) });
  }
  return { grid: model.grid, samples };
}

/** One image at a time: the (1,H,T,T) maps of all layers together are large. */
async function layersOf(model: ViT, data: TrainingData, index: number): Promise<number[][]> {
  const image = await inputAt(data, index);
  const rows = evaluating(
    model,
    () => scope(() => model.attentionMaps(image).map((map) => mean(slice(map, 2, 0, 1), { dim: 1 }))), // (1,1,T)
  );
  image.dispose();
  const layers = [];
  for (const row of rows) {
    layers.push([...(await row.data())].slice(model.numPrefixTokens));
    row.dispose();
  }
  return layers;
}
