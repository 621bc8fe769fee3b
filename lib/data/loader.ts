import { checkBoolean, checkInteger, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { nextId } from '../identity.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import { tensor } from '../ops/creation.js';
import type { Generator as RandomGenerator } from '../ops/generator.js';
import type { Tensor } from '../tensor.js';
import { type ArrayBatch, type BatchPlaces, imagesAt, isLarge, pixelsAt, placesOf } from './array-batch.js';
import type { ImageDraws } from './augment/augment.js';
import { checkDataset } from './check-dataset.js';
import type { ArrayDataset } from './dataset.js';
import { type EpochItems, epochOf, itemsOf, itemsOfStream } from './feed/epoch-items.js';
import type { FeedBatch } from './feed/feed.js';
import { checkFeedOptions, FEED_NAMES, type FeedOptions, ImageFeed } from './feed/image-feed.js';
import { checkBuffer, checkSampler, seedOf } from './loader-order.js';
import type { Sampler } from './sets/balanced.js';
import { checkSet, type Dataset, isDataset } from './sets/dataset.js';
import { isIterable, SampleStream } from './sets/stream.js';
import { orderOf } from './shuffle.js';

/** Images (N,C,H,W) float32 and their labels: (N) int32, or (N,classes) float32 where they are of several or mixed. */
export interface Batch {
  /** (N,C,H,W) float32 */
  images: Tensor;
  /** (N) int32, or (N,classes) float32 */
  labels: Tensor;
}

/** The same with labels in JavaScript's memory; images of files are a tensor already, the receiver's to dispose. */
export interface HostBatch {
  images: Float32Array | Tensor;
  /** (N) classes, or (N,classes): how far each image is of each. */
  labels: Int32Array | Float32Array;
  count: number;
}

/** Options of `DataLoader`. */
export interface DataLoaderOptions extends FeedOptions {
  /** Images of a batch. */
  batchSize: number;
  /** Whether each epoch has its own random order. Default false. */
  shuffle?: boolean;
  /** Of the orders, and of what is drawn for each image. Default 0. */
  seed?: number;
  /** What draws the seed, once, when the loader is made, which waits for the draws before it; instead of `seed`. */
  generator?: RandomGenerator;
  /** Whether a last batch that is smaller is left out. Default false. */
  dropLast?: boolean;
  /** Of a stream, whose items cannot be put in order: among how many the next one is drawn, with `shuffle`. Default 1000. */
  shuffleBuffer?: number;
  /** Which items an epoch has, in their order, instead of `shuffle`; `data.balanced` makes one. */
  sampler?: Sampler;
}

/** Where a loader stands, as JSON keeps it. */
export interface LoaderState {
  /** The epoch that is under way, or comes next. */
  readonly epoch: number;
  /** Items of it that have been given. */
  readonly position: number;
}

const NAMES: OptionNames<DataLoaderOptions> = {
  batchSize: true,
  shuffle: true,
  seed: true,
  generator: true,
  dropLast: true,
  shuffleBuffer: true,
  sampler: true,
  ...FEED_NAMES,
};

/**
 * A data set in batches. Each pass over it is an epoch, with its own order when shuffling; the last batch may be
 * smaller.
 *
 * Images of files are decoded beside the event loop and become batches on the stream, resized as `loadImages` does it or
 * augmented; what is drawn for an image follows from (seed, epoch, index) alone. Such a loader is to be disposed.
 *
 * @see `torch.utils.data.DataLoader`
 * @throws TypeError for a data set whose parts do not go together, or options that are unknown or out of range
 * @example
 * for await (const { images, labels } of loader) { ... }
 */
export class DataLoader<D extends ArrayDataset | Dataset | SampleStream = ArrayDataset>
  implements Iterable<Batch>, AsyncIterable<Batch>
{
  readonly #options: DataLoaderOptions;
  readonly #shuffle: boolean;
  readonly #dropLast: boolean;
  readonly #sampler: Sampler | undefined;
  readonly #buffer: number;
  /** Items there were when this was made. */
  readonly #given: number = 0;
  readonly #feed: ImageFeed | undefined;
  #position = 0;
  /** What the orders of the epochs and all that is drawn follow from. */
  readonly seed: number;
  /** What the samples are from. */
  readonly dataset: D;
  /** @internal How far it smooths labels. */
  readonly smoothing: number;
  /** Images of a batch; the last of an epoch may have fewer. */
  readonly batchSize: number;
  /** A number of its own, by which deep equality tells loaders apart. */
  readonly id = nextId();
  /** Passes begun by iterating. */
  epoch = 0;

  constructor(dataset: D, options: DataLoaderOptions, /** @internal */ draws?: ImageDraws) {
    checkOptions(options, NAMES, 'DataLoader');
    this.#options = { ...options };
    this.batchSize = checkInteger(options?.batchSize, 'DataLoader batchSize', 1);
    this.#shuffle = checkBoolean(options.shuffle ?? false, 'DataLoader shuffle');
    this.#dropLast = checkBoolean(options.dropLast ?? false, 'DataLoader dropLast');
    this.seed = seedOf(options);
    this.smoothing = options.augment?.smoothing ?? 0;
    this.#sampler = checkSampler(options.sampler, this.#shuffle);
    this.#buffer = checkBuffer(options, dataset);
    if (isDataset(dataset) || dataset instanceof SampleStream) {
      this.dataset = dataset instanceof SampleStream ? dataset : (checkSet(dataset, 'the DataLoader') as D); // the same
      const { batchSize, seed } = this;
      const parts = checkFeedOptions(options, dataset as Dataset | SampleStream, 'DataLoader');
      const augmentation = draws ?? parts.augmentation;
      if (!(dataset instanceof SampleStream)) this.#given = (dataset as Dataset).length;
      this.#feed = new ImageFeed({ ...parts, augmentation, batchSize, seed, dropLast: this.#dropLast });
    } else {
      if (isIterable(dataset)) {
        throw expected('a data set', 'the DataLoader', dataset, 'Make it one: data.fromSamples, or data.stream.');
      }
      this.dataset = checkDataset(dataset as ArrayDataset, 'the DataLoader') as D; // as declared
      const misplaced = Object.keys(FEED_NAMES).find((name) => options[name as keyof FeedOptions] !== undefined);
      if (misplaced !== undefined) {
        const what = new Text(`${misplaced} for images that are float32 already`);
        throw expected('images of files or bytes', 'the DataLoader', what, 'Use data.fromArrays for bytes.');
      }
    }
  }

  /** @internal A loader of other items by the same options, but for changes (undefined takes one away), and for `draws`. */
  derive(
    dataset: D,
    changes: { [Name in keyof DataLoaderOptions]?: DataLoaderOptions[Name] | undefined },
    draws?: ImageDraws,
  ): DataLoader<D> {
    const options = Object.entries({ ...this.#options, generator: undefined, seed: this.seed, ...changes }).filter(
      ([, value]) => value !== undefined,
    );
    return new DataLoader(dataset, Object.fromEntries(options) as unknown as DataLoaderOptions, draws); // its own names
  }

  /** @internal How its images are prepared; undefined for float32 arrays. */
  get preprocessing(): Preprocessing | undefined {
    return this.#feed && this.#options.preprocessing;
  }

  /** @internal */
  get hasSampler(): boolean {
    return this.#sampler !== undefined;
  }

  /** Items of the data set. @throws TypeError for a stream, of which nobody knows */
  get count(): number {
    if (this.dataset instanceof SampleStream) {
      throw expected('a data set of known length', 'DataLoader', new Text('a stream'), 'Use data.fromSamples.');
    }
    return isDataset(this.dataset) ? this.dataset.length : this.dataset.count;
  }

  /** Of one image that is made from a file: [channels, height, width]; undefined for float32 arrays. */
  get shape(): readonly [number, number, number] | undefined {
    return this.#feed?.shape;
  }

  /** Classes, where they are known. */
  get numClasses(): number | undefined {
    return this.#feed === undefined ? (this.dataset as ArrayDataset).numClasses : this.#feed.numClasses;
  }

  /** Batches in an epoch. Corrupt images make it fewer. */
  get length(): number {
    const items = this.#sampler === undefined ? this.count : this.order(0).length;
    return this.#dropLast ? Math.floor(items / this.batchSize) : Math.ceil(items / this.batchSize);
  }

  /** Paths of the images that could not be decoded so far. */
  get corrupt(): readonly string[] {
    return this.#feed?.corrupt ?? [];
  }

  /** Where the loader stands; to be read between batches. */
  state(): LoaderState {
    return { epoch: this.epoch, position: this.#position };
  }

  /** Goes to where another loader of the same data set and options stood. @throws TypeError for what is no state */
  load(state: LoaderState): void {
    checkOptions(state, { epoch: true, position: true }, 'DataLoader.load');
    const epoch = checkInteger(state?.epoch, 'DataLoader.load epoch');
    const most = this.dataset instanceof SampleStream ? undefined : this.order(epoch).length;
    this.#position = checkInteger(state.position, 'DataLoader.load position', 0, most);
    this.epoch = epoch;
  }

  /** @internal The items of an epoch, in their order. */
  order(epoch: number): ArrayLike<number> {
    const { count } = this;
    if (this.#sampler === undefined) {
      return this.#shuffle ? orderOf(count, this.seed, epoch) : Uint32Array.from({ length: count }, (_, i) => i);
    }
    const order = this.#sampler(epoch);
    for (let i = 0; i < order.length; i++) checkInteger(order[i], 'an index of the DataLoader sampler', 0, count - 1);
    return order;
  }

  /**
   * @internal The batches of one epoch as plain arrays, from batch `from` on.
   *
   * @throws TypeError where the data set, changed since, is not sound any more
   */
  *hostBatches(epoch: number, from = 0): Generator<ArrayBatch> {
    if (this.#feed !== undefined)
      throw expected('for await', 'a DataLoader of images that must be decoded', new Text('for'));
    for (const { dataset, places, labels } of this.#places(epoch, from)) {
      yield { images: pixelsAt(dataset, places), labels, count: labels.length };
    }
  }

  /** @internal The same, but for large batches on the stream, the receiver's to dispose: the event loop has turns meanwhile. */
  async *arrayBatches(epoch: number, from = 0): AsyncGenerator<ArrayBatch<Float32Array | Tensor>> {
    for (const { dataset, places, labels } of this.#places(epoch, from)) {
      const images = isLarge(dataset, places) ? await imagesAt(dataset, places) : pixelsAt(dataset, places);
      yield { images, labels, count: labels.length };
    }
  }

  #places(epoch: number, from: number): Generator<BatchPlaces> {
    const dataset = checkDataset(this.dataset as ArrayDataset, 'the DataLoader');
    const { batchSize } = this;
    return placesOf(dataset, this.order(epoch), { batchSize, dropLast: this.#dropLast, from });
  }

  /**
   * @internal The batches of one epoch, images on the stream and labels in JavaScript's memory, without the first ones.
   *
   * @param only which items, by index, instead of all in their order
   * @throws TypeError for a loader of float32 arrays
   */
  feedBatches(epoch: number, begin = 0, skipped = 0, only?: readonly number[]): AsyncGenerator<FeedBatch> {
    if (this.#feed === undefined) throw expected('a data set of images', 'feedBatches', this.dataset);
    const items = only && itemsOf(this.dataset as Dataset, only, this.numClasses);
    return this.#feed.batches(items ?? this.#items(epoch, begin), epoch, begin, skipped);
  }

  #items(epoch: number, begin: number): EpochItems {
    const { dataset, numClasses, seed } = this;
    if (!(dataset instanceof SampleStream))
      return epochOf(dataset as Dataset, this.order(epoch), numClasses, this.#given);
    return itemsOfStream(dataset, { epoch, seed, begin, buffer: this.#buffer, numClasses });
  }

  *[Symbol.iterator](): Generator<Batch> {
    const from = Math.ceil(this.#position / this.batchSize);
    const epoch = this.epoch++;
    this.#position = 0;
    const { shape } = this.dataset as ArrayDataset; // hostBatches refuses others
    for (const { images, labels, count } of this.hostBatches(epoch, from)) {
      yield { images: tensor(images, [count, ...shape]), labels: tensor(labels) };
    }
  }

  /** The batches of an epoch, one after another: `for await (const batch of loader)`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    if (this.#feed === undefined) {
      yield* this;
      return;
    }
    const { epoch } = this;
    for await (const { images, labels, targets, count, position } of this.feedBatches(epoch, this.#position)) {
      this.#position = position;
      const values = labels ?? targets ?? new Int32Array(0); // one of them is there
      yield { images, labels: labels ? tensor(labels) : tensor(values, [count, values.length / count]) };
    }
    this.#position = 0;
    this.epoch = epoch + 1;
  }

  /** Gives back what the cache holds: its memory, and its file where it is not whole. */
  async dispose(): Promise<void> {
    await this.#feed?.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
