import { checkBoolean, checkInteger, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { nextId } from '../identity.js';
import { tensor } from '../ops/creation.js';
import { checkGenerator, type Generator as RandomGenerator } from '../ops/generator.js';
import { randint } from '../ops/random.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { warnOnce } from '../warning.js';
import { checkBatchLabels, checkDataset } from './check-dataset.js';
import type { ArrayDataset } from './dataset.js';
import { type EpochItems, itemsOf, itemsOfStream } from './feed/epoch-items.js';
import type { FeedBatch } from './feed/feed.js';
import { checkFeedOptions, FEED_NAMES, type FeedOptions, ImageFeed } from './feed/image-feed.js';
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

/** A batch of float32 arrays. */
type ArrayBatch = HostBatch & { images: Float32Array; labels: Int32Array };

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
 * smaller. Counterpart: `torch.utils.data.DataLoader`.
 *
 * Images of files are decoded beside the event loop and become batches on the stream, resized as `loadImages` does it or
 * augmented; what is drawn for an image follows from (seed, epoch, index) alone. Such a loader is to be disposed.
 *
 * @throws TypeError for a data set whose parts do not go together, or options that are unknown or out of range
 * @example
 * for await (const { images, labels } of loader) { ... }
 */
export class DataLoader<D extends ArrayDataset | Dataset | SampleStream = ArrayDataset>
  implements Iterable<Batch>, AsyncIterable<Batch>
{
  readonly #shuffle: boolean;
  readonly #dropLast: boolean;
  readonly #sampler: Sampler | undefined;
  readonly #buffer: number;
  readonly #feed: ImageFeed | undefined;
  #position = 0;
  /** What the orders of the epochs and all that is drawn follow from. */
  readonly seed: number;
  /** What the samples are from. */
  readonly dataset: D;
  /** Images of a batch; the last of an epoch may have fewer. */
  readonly batchSize: number;
  /** A number of its own, by which deep equality tells loaders apart. */
  readonly id = nextId();
  /** Passes begun by iterating. */
  epoch = 0;

  constructor(dataset: D, options: DataLoaderOptions) {
    checkOptions(options, NAMES, 'DataLoader');
    this.batchSize = checkInteger(options?.batchSize, 'DataLoader batchSize', 1);
    this.#shuffle = checkBoolean(options.shuffle ?? false, 'DataLoader shuffle');
    this.#dropLast = checkBoolean(options.dropLast ?? false, 'DataLoader dropLast');
    this.seed = seedOf(options);
    this.#sampler = checkSampler(options.sampler, this.#shuffle);
    this.#buffer = checkBuffer(options, dataset);
    if (isDataset(dataset) || dataset instanceof SampleStream) {
      this.dataset = dataset instanceof SampleStream ? dataset : (checkSet(dataset, 'the DataLoader') as D); // the same
      const { batchSize, seed } = this;
      const parts = checkFeedOptions(options, dataset as Dataset | SampleStream, 'DataLoader');
      this.#feed = new ImageFeed({ ...parts, batchSize, seed, dropLast: this.#dropLast });
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
    const items = this.#sampler === undefined ? this.count : this.#order(0).length;
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
    const most = this.dataset instanceof SampleStream ? undefined : this.#order(epoch).length;
    this.#position = checkInteger(state.position, 'DataLoader.load position', 0, most);
    this.epoch = epoch;
  }

  /** The items of an epoch, in their order. */
  #order(epoch: number): ArrayLike<number> {
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
    const { images, labels, shape, numClasses } = checkDataset(this.dataset as ArrayDataset, 'the DataLoader');
    const pixels = shape[0] * shape[1] * shape[2];
    const order = this.#order(epoch);
    for (let start = from * this.batchSize; start < order.length; start += this.batchSize) {
      const size = Math.min(this.batchSize, order.length - start);
      if (this.#dropLast && size < this.batchSize) return;
      const batch = { images: new Float32Array(size * pixels), labels: new Int32Array(size), count: size };
      for (let i = 0; i < size; i++) {
        const sample = order[start + i];
        batch.images.set(images.subarray(sample * pixels, (sample + 1) * pixels), i * pixels);
        batch.labels[i] = labels[sample];
      }
      checkBatchLabels(batch, numClasses, 'a batch');
      yield batch;
    }
  }

  /**
   * @internal The batches of one epoch, images on the stream and labels in JavaScript's memory, without the first ones.
   *
   * @throws TypeError for a loader of float32 arrays
   */
  feedBatches(epoch: number, begin = 0, skipped = 0): AsyncGenerator<FeedBatch> {
    if (this.#feed === undefined) throw expected('a data set of images', 'feedBatches', this.dataset);
    return this.#feed.batches(this.#items(epoch, begin), epoch, begin, skipped);
  }

  #items(epoch: number, begin: number): EpochItems {
    const { dataset, numClasses, seed } = this;
    if (!(dataset instanceof SampleStream)) return itemsOf(dataset as Dataset, this.#order(epoch), numClasses);
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

// As many as WebDataset's users take.
const BUFFER = 1000;

/** Of a stream that is shuffled; otherwise 0. */
function checkBuffer({ shuffle, shuffleBuffer, sampler }: DataLoaderOptions, dataset: unknown): number {
  if (!(dataset instanceof SampleStream)) {
    if (shuffleBuffer === undefined) return 0;
    throw expected('a stream', 'DataLoader shuffleBuffer', dataset, 'Other data sets are shuffled whole.');
  }
  if (sampler !== undefined) throw expected('a data set of known length', 'DataLoader sampler', new Text('a stream'));
  const buffer = checkInteger(shuffleBuffer ?? BUFFER, 'DataLoader shuffleBuffer', 1);
  if (shuffle !== true) return 0;
  if (shuffleBuffer === undefined) {
    warnOnce(
      `Expected a data set of known length to shuffle but received a stream: samples are drawn from ${BUFFER} at a time, unless shuffleBuffer says otherwise.`,
    );
  }
  return buffer;
}

/** The seed that is given, or drawn: all orders, and all draws for images, follow from it. */
function seedOf({ seed, generator }: DataLoaderOptions): number {
  if (generator === undefined) return checkInteger(seed ?? 0, 'DataLoader seed');
  checkGenerator(generator, 'DataLoader');
  if (seed !== undefined) throw expected('a seed or a generator', 'DataLoader', new Text('both'));
  return scope(() => randint(0, 2 ** 31 - 1, [1], { generator }).itemSync());
}

function checkSampler(sampler: unknown, shuffle: boolean): Sampler | undefined {
  if (sampler === undefined) return undefined;
  if (typeof sampler !== 'function') throw expected('a function of the epoch', 'DataLoader sampler', sampler);
  if (shuffle) throw expected('shuffle or a sampler', 'DataLoader', new Text('both'));
  return sampler as Sampler; // its results are checked
}
