import { checkFunction, checkInteger, checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames, only } from '../check-options.js';
import { DataLoader } from '../data/loader.js';
import { type Dataset, isDataset } from '../data/sets/dataset.js';
import { nameOf } from '../data/sets/sample.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { checkExtractor, FEATURE_POOLS, type FeatureExtractor, type FeatureOptions } from '../nn/features.js';
import { autocast, checkPrecision, type PrecisionChoice } from '../precision.js';
import { scope } from '../scope.js';
import { background } from '../stream.js';
import type { Tensor } from '../tensor.js';
import { disposeImages, imageLoader, imagesOf, isLoader, shapeOf, type TrainingData } from '../train/training-data.js';
import { warnOnce } from '../warning.js';
import type { FeatureSet } from './feature-set.js';
import { recordedFeatures } from './recorded-features.js';

/** Options of `features.extract`. */
export interface ExtractOptions extends Pick<FeatureOptions, 'pool' | 'layers' | 'normalize'> {
  /** Images at a time. Default 64. */
  batchSize?: number;
  /** Of the factors of linear layers' products; see `autocast`. Default `'fp32'`. */
  precision?: PrecisionChoice;
  /** How a bare data set's images are prepared. Default: the model's `pretrainedConfig`. */
  preprocessing?: Preprocessing;
  /** Ends it after the batch under way: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Told of each corrupt image, which is left out. Default: a warning. */
  onCorrupt?: (message: string) => unknown;
  /** Sees how many images are done. */
  onProgress?: (done: number, count: number) => unknown;
}

const NAMES: OptionNames<ExtractOptions> = {
  pool: true,
  layers: true,
  normalize: true,
  batchSize: true,
  precision: true,
  preprocessing: true,
  signal: true,
  onCorrupt: true,
  onProgress: true,
};

const VECTORS: OptionNames<Pick<FeatureOptions, 'pool' | 'layers' | 'normalize'>> = {
  pool: true,
  layers: true,
  normalize: true,
};

/** A model that gives features, and perhaps says how images are prepared. */
export interface ImageModel extends FeatureExtractor {
  /** How images of a bare data set are prepared. */
  readonly pretrainedConfig?: Preprocessing | undefined;
}

/** Some images' features. */
export interface FeatureBatch {
  /** (count,width), row-major. */
  readonly values: Float32Array;
  readonly count: number;
  readonly width: number;
  /** The class of each image; undefined where images are of several. */
  readonly labels: Int32Array | undefined;
  /** Which images of the data set these are. */
  readonly indices: Uint32Array;
}

/** A data set as it is fed, which knows how many images there are. */
type Fed = DataLoader | DataLoader<Dataset>;

/**
 * The features of a data set's images, each computed once: what `knn`, `linearProbe` and `nearest` take. Batch by batch,
 * in the background, while further images are decoded; images that are corrupt are told of and left out.
 *
 * @param data arrays, a data set of images, or a `DataLoader` of one, whose batches and order count then
 * @param options of `model.features`, `batchSize` and so on
 * Images of several classes have no labels in the result, and a warning says so.
 *
 * @throws TypeError for a model without features, `pool: 'none'`, and options that are unknown
 * @see timm's `forward_head(pre_logits=True)` over a data set; DINO's `extract_features`
 * @example
 * const train = await features.extract(model, await data.imageFolder('photos').then(({ train }) => train));
 */
export async function extract(
  model: ImageModel,
  data: TrainingData | Dataset | DataLoader,
  options: ExtractOptions = {},
): Promise<FeatureSet> {
  const batches: FeatureBatch[] = [];
  for await (const batch of featureBatches(model, data, options)) batches.push(batch);
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const width = batches[0]?.width ?? 0;
  const values = new Float32Array(count * width);
  const indices = new Uint32Array(count);
  const labels = batches.every((batch) => batch.labels !== undefined) ? new Int32Array(count) : undefined;
  let row = 0;
  for (const batch of batches) {
    values.set(batch.values, row * width);
    indices.set(batch.indices, row);
    if (batch.labels !== undefined) labels?.set(batch.labels, row);
    row += batch.count;
  }
  if (labels === undefined) {
    warnOnce(
      'Expected images of one class each for features.extract but received labels of several. The features have no labels: ' +
        'nearest takes them, knn and linearProbe do not.',
    );
  }
  const set = data instanceof DataLoader ? data.dataset : data;
  const classes = isDataset(set) ? (set as Dataset).classes : undefined;
  const images = isDataset(set) ? await namesOf(set as Dataset, indices) : undefined;
  return { values, count, width, ...(labels && { labels }), ...(classes && { classes }), ...(images && { images }) };
}

/** Where each of some images is from. */
export async function namesOf(set: Dataset, indices: Uint32Array): Promise<string[]> {
  const names: string[] = [];
  for (const index of indices) names.push(nameOf((await set.get(index)).image, index));
  return names;
}

/** The same, a batch at a time: of a set that does not fit into memory. */
export async function* featureBatches(
  model: ImageModel,
  data: TrainingData | Dataset | DataLoader,
  options: ExtractOptions = {},
): AsyncGenerator<FeatureBatch> {
  checkOptions(options, NAMES, 'features.extract');
  checkExtractor(model, 'features.extract');
  const vectors = only(options, VECTORS as OptionNames<ExtractOptions>) as FeatureOptions; // those names alone
  const vectorPools = FEATURE_POOLS.filter((pool) => pool !== 'none');
  checkOneOf(options.pool ?? 'head', 'features.extract pool', vectorPools);
  checkPrecision(options.precision ?? 'fp32', 'features.extract');
  const { signal, onProgress, precision = 'fp32' } = options;
  if (onProgress !== undefined) checkFunction(onProgress, 'features.extract onProgress');
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw expected('an AbortSignal', 'features.extract signal', signal);
  }
  const loader = feed(model, data, options);
  const recorded = recordedFeatures(model, vectors);
  const featuresOf = (images: Tensor): Tensor => recorded?.forward(images) ?? model.features(images, vectors);
  let waiting: Promise<FeatureBatch> | undefined;
  let done = 0;
  const settle = async (batch: Promise<FeatureBatch>): Promise<FeatureBatch> => {
    const settled = await batch;
    done += settled.count;
    await onProgress?.(done, loader.count);
    return settled;
  };
  try {
    for await (const { images, ...rest } of batchesOf(loader)) {
      const run = (): Tensor => scope(() => background(() => autocast(precision, () => featuresOf(images))));
      let output: Tensor;
      try {
        signal?.throwIfAborted();
        output = run();
      } finally {
        images.dispose();
      }
      const before = waiting;
      waiting = read(output, rest);
      waiting.catch(() => undefined); // awaited in its turn
      if (before !== undefined) yield await settle(before);
    }
    if (waiting !== undefined) yield await settle(waiting);
  } finally {
    recorded?.dispose();
    if (isLoader(loader as TrainingData) && loader !== (data as unknown))
      await (loader as DataLoader<Dataset>).dispose();
  }
}

async function read(output: Tensor, rest: Omit<FeatureBatch, 'values' | 'width'>): Promise<FeatureBatch> {
  const { shape } = output;
  const reading = output.data();
  output.dispose(); // the read is enqueued already
  const values = (await reading) as Float32Array; // features are float32
  if (shape.length !== 2) throw expected('vectors (N,D)', 'features.extract', output, 'Choose another pool.');
  return { ...rest, values, width: shape[1] };
}

function feed(model: ImageModel, data: TrainingData | Dataset | DataLoader, options: ExtractOptions): Fed {
  const { preprocessing, onCorrupt } = options;
  const batchSize = checkInteger(options.batchSize ?? 64, 'features.extract batchSize', 1);
  if (isLoader(data as TrainingData) || !isDataset(data)) {
    const given = preprocessing === undefined ? (onCorrupt === undefined ? undefined : 'onCorrupt') : 'preprocessing';
    if (given !== undefined) throw expected('a data set of images', `features.extract ${given}`, data);
    return isLoader(data as TrainingData) ? (data as Fed) : new DataLoader(data as never, { batchSize });
  }
  const given = { ...(preprocessing && { preprocessing }), ...(onCorrupt && { onCorrupt }) };
  // Each image is looked at once, so that none is worth keeping; what is corrupt is told, however much of it there is.
  const loading = { batchSize, cache: 'none', maxCorrupt: 1, ...given } as const;
  return imageLoader(data as Dataset, model, loading, 'features.extract');
}

/** Batches of images, the receiver's to dispose, with where they are from. */
async function* batchesOf(loader: Fed): AsyncGenerator<Omit<FeatureBatch, 'values' | 'width'> & { images: Tensor }> {
  if (loader.shape !== undefined) {
    for await (const { images, labels, indices, count } of loader.feedBatches(0)) {
      yield { images, labels, indices, count };
    }
    return;
  }
  const arrays = loader as DataLoader;
  const shape = shapeOf(arrays.dataset, 'features.extract');
  const order = arrays.order(0);
  let first = 0;
  for await (const batch of arrays.arrayBatches(0)) {
    const { count, labels } = batch;
    const indices = Uint32Array.from({ length: count }, (_, i) => order[first + i]);
    first += count;
    try {
      yield { images: imagesOf(batch, shape), labels: labels as Int32Array, indices, count }; // of arrays, a class each
    } catch (error) {
      disposeImages(batch);
      throw error;
    }
  }
}
