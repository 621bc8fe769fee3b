import fs from 'node:fs/promises';
import { checkFunction, checkInteger, checkNumber, checkOneOf, expected, Text } from '../../check.js';
import type { OptionNames } from '../../check-options.js';
import { checkPreprocessing, type Preprocessing } from '../../io/pretrained/preprocessing.js';
import { native } from '../../native.js';
import { fence } from '../../stream.js';
import { warnOnce } from '../../warning.js';
import { Augmentation, type AugmentOptions } from '../augment/augment.js';
import type { Dataset } from '../sets/dataset.js';
import { SampleStream } from '../sets/stream.js';
import { cacheFolder } from './cache-folder.js';
import { cacheKey, DiskCache } from './disk-cache.js';
import type { EpochItems } from './epoch-items.js';
import { Feed, type FeedBatch, type FeedParts } from './feed.js';
import { CorruptImages, mostShortSide } from './image-store.js';
import { type ImageCache, MemoryCache, NoCache } from './memory-cache.js';
import type { Transform } from './transform.js';
import { type TransformWorkers, transformRunner } from './transform-runner.js';

/** Options of `DataLoader` for images that must be decoded. */
export interface FeedOptions {
  /** How an image becomes the model's input: `model.pretrainedConfig`. Required. */
  preprocessing?: Preprocessing;
  /** How training images are changed; `{}` is timm's default. Default: not at all, as for evaluation. */
  augment?: AugmentOptions;
  /**
   * Makes another image of each, in each epoch, before it is augmented or resized: a function, which runs on the event
   * loop, or `{ worker, count }`, a module that exports one by default, in threads of its own.
   */
  transform?: Transform | TransformWorkers;
  /**
   * Where decoded images are kept after the first epoch: in native memory, in a file, or not at all. Default `'auto'`:
   * in memory where they take a quarter of it at most, else in a file where the disk has room for twice as much.
   */
  cache?: 'auto' | 'memory' | 'disk' | 'none';
  /** Of the file. Default: `vitrine` in `XDG_CACHE_HOME`, or `~/.cache/vitrine`. Old ones go: see `data.clearCache`. */
  cacheDir?: string;
  /** Of a batch's images, which are made in float32: `'bfloat16'` takes half the memory. Default `'float32'`. */
  dtype?: 'float32' | 'bfloat16';
  /** Batches that are loaded ahead. Default 1. */
  prefetch?: number;
  /** Classes, where the data set does not name them and labels are mixed. */
  numClasses?: number;
  /** The share of images that may be corrupt, and are left out; beyond, an error. Default 0.01. */
  maxCorrupt?: number;
  /** Told of each corrupt image. Default: a warning. */
  onCorrupt?: (message: string) => unknown;
}

/** What each option is called. */
export const FEED_NAMES: OptionNames<FeedOptions> = {
  preprocessing: true,
  augment: true,
  transform: true,
  cache: true,
  cacheDir: true,
  dtype: true,
  prefetch: true,
  numClasses: true,
  maxCorrupt: true,
  onCorrupt: true,
};

/** Options once they are checked. */
type CheckedParts = Omit<FeedParts, 'batchSize' | 'seed' | 'dropLast'> & {
  source: Dataset | SampleStream;
  cache: 'auto' | 'memory' | 'disk' | 'none';
  cacheDir: string;
};

/** @internal Throws for options that are missing or out of range. */
export function checkFeedOptions(options: FeedOptions, source: Dataset | SampleStream, where: string): CheckedParts {
  const { preprocessing, augment, cacheDir = cacheFolder(), onCorrupt = warnOnce } = options;
  if (typeof preprocessing !== 'object' || preprocessing === null) {
    throw expected("a model's pretrainedConfig", `${where} preprocessing`, preprocessing);
  }
  checkPreprocessing(preprocessing, `${where} preprocessing`);
  if (typeof cacheDir !== 'string') throw expected('the path of a folder', `${where} cacheDir`, cacheDir);
  checkFunction(onCorrupt, `${where} onCorrupt`);
  const { rescale = 1 / 255 } = preprocessing;
  const middle = preprocessing.mean.map((value) => Math.min(255, Math.round(value / rescale)));
  const augmentation = augment === undefined ? undefined : new Augmentation(augment, middle, `${where} augment`);
  const classes = options.numClasses ?? source.classes?.length;
  const numClasses = classes === undefined ? undefined : checkInteger(classes, `${where} numClasses`, 1);
  if (augmentation?.mixing !== undefined && numClasses === undefined) {
    throw expected('numClasses, for labels that are mixed,', where, undefined);
  }
  const maxCorrupt = checkNumber(options.maxCorrupt ?? 0.01, `${where} maxCorrupt`, 0, 1);
  return {
    ...{ source, preprocessing, augmentation, numClasses, cacheDir },
    transform: options.transform === undefined ? undefined : transformRunner(options.transform, `${where} transform`),
    dtype: checkOneOf(options.dtype ?? 'float32', `${where} dtype`, ['float32', 'bfloat16']),
    prefetch: checkInteger(options.prefetch ?? 1, `${where} prefetch`, 0, 64),
    cache: checkCache(options.cache, source, where),
    corrupt: new CorruptImages(source instanceof SampleStream ? undefined : source.length, maxCorrupt, onCorrupt),
  };
}

function checkCache(cache: unknown, source: Dataset | SampleStream, where: string): CheckedParts['cache'] {
  const kind = checkOneOf((cache ?? 'auto') as string, `${where} cache`, ['auto', 'memory', 'disk', 'none'] as const);
  if (!(source instanceof SampleStream) || kind === 'none') return kind;
  if (kind === 'auto') return 'none'; // another epoch may have other samples
  throw expected('a data set whose items are known', `${where} cache`, new Text('a stream'), 'Use data.fromSamples.');
}

/** A feed with its cache, which is opened when the first batch is asked for. */
export class ImageFeed {
  readonly #parts: FeedParts & CheckedParts;
  readonly #feed: Feed;
  #cache: Promise<ImageCache> | undefined;

  constructor(parts: FeedParts & CheckedParts) {
    this.#parts = parts;
    this.#feed = new Feed(parts, () => {
      this.#cache ??= this.#open();
      return this.#cache;
    });
  }

  get corrupt(): readonly string[] {
    return this.#parts.corrupt.paths;
  }

  get shape(): readonly [number, number, number] {
    const { mean, crop } = this.#parts.preprocessing;
    return [mean.length, crop[0], crop[1]];
  }

  get numClasses(): number | undefined {
    return this.#parts.numClasses;
  }

  batches(items: EpochItems, epoch: number, begin: number, skipped: number): AsyncGenerator<FeedBatch> {
    return this.#feed.batches(items, epoch, begin, skipped);
  }

  async dispose(): Promise<void> {
    const cache = await this.#cache?.catch(() => undefined);
    this.#cache = undefined;
    await fence().catch(() => undefined); // the stream may still read the file; a fault is its next reader's to hear
    await this.#parts.transform?.end();
    await cache?.dispose();
  }

  async #open(): Promise<ImageCache> {
    const { cache, cacheDir, source, preprocessing, augmentation, transform } = this.#parts;
    if (cache === 'none' || source instanceof SampleStream) return new NoCache();
    const kind = cache === 'auto' ? await this.#chosen(source) : cache;
    if (kind === 'memory') return new MemoryCache();
    if (kind === 'none') return new NoCache();
    const { mean, std, rescale, ...shaping } = preprocessing;
    const whole = augmentation?.shrinks ? { shortSide: mostShortSide(preprocessing) } : {};
    const settings = augmentation === undefined && transform === undefined ? shaping : whole;
    const key = await cacheKey(source, JSON.stringify({ version: 2, channels: mean.length, ...settings }));
    if (key === undefined) {
      warnOnce('Expected images of files for a cache on disk but some have no path. They are kept in memory instead.');
      return new MemoryCache();
    }
    try {
      return await DiskCache.open(cacheDir, key, source.length);
    } catch (error) {
      if (cache === 'disk' || !(error instanceof Error)) throw error;
      warnOnce(`${error.message} Images are decoded in every epoch.`);
      return new NoCache();
    }
  }

  /** By what the images will take at most. */
  async #chosen(dataset: Dataset): Promise<'memory' | 'disk' | 'none'> {
    const { preprocessing, augmentation, cacheDir } = this.#parts;
    const [height, width] = preprocessing.crop;
    const most = mostShortSide(preprocessing);
    // A photograph's longer side is four thirds of the shorter one.
    const pixels = augmentation === undefined ? height * width : (most * most * 4) / 3;
    const bytes = pixels * preprocessing.mean.length * dataset.length;
    if (bytes <= native.cpu().memory / 4) return 'memory';
    const disk = await fs.statfs(cacheDir).catch(() => fs.statfs('.'));
    return disk.bavail * disk.bsize >= 2 * bytes ? 'disk' : 'none';
  }
}
