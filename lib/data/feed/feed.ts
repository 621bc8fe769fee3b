import { expected, Text } from '../../check.js';
import { converted } from '../../converted.js';
import type { Preprocessing } from '../../io/pretrained/preprocessing.js';
import { clone } from '../../ops/copies.js';
import { type BatchImage, imageBatch, imageMix } from '../../ops/image-batch.js';
import { untracked } from '../../scope.js';
import { empty, Tensor } from '../../tensor.js';
import { isThenable } from '../../thenable.js';
import type { ImageDraws } from '../augment/augment.js';
import { Draws } from '../augment/draws.js';
import { drawMixing, mixedTargets } from '../augment/mixup.js';
import { asItIs, cutImage, normalizationOf } from '../cut-image.js';
import { isArchived, nameOf, type Sample } from '../sets/sample.js';
import type { PlacedSample } from '../sets/stream.js';
import type { EpochItems } from './epoch-items.js';
import { type ByteSource, type CorruptImages, decode, pixelsOf, type StoredImage } from './image-store.js';
import type { ImageCache } from './memory-cache.js';
import { plainLabels, stackedTensors } from './plain-batch.js';
import type { TransformRunner } from './transform.js';

/** What a feed is made of. */
export interface FeedParts {
  readonly batchSize: number;
  readonly dropLast: boolean;
  /** Batches that are loaded ahead. */
  readonly prefetch: number;
  /** Of a batch's images. */
  readonly dtype: 'float32' | 'bfloat16';
  readonly seed: number;
  readonly preprocessing: Preprocessing;
  readonly augmentation: ImageDraws | undefined;
  readonly numClasses: number | undefined;
  /** Of the user. */
  readonly transform: TransformRunner | undefined;
  readonly corrupt: CorruptImages;
}

/** A batch on the stream. */
export interface FeedBatch {
  /** (N,C,H,W), of the dtype asked for; the receiver's to dispose. */
  readonly images: Tensor;
  /** Further views of the images, where such are drawn; the receiver's to dispose. */
  readonly views?: readonly Tensor[];
  /** The class of each image, where each has one and none is mixed. */
  readonly labels: Int32Array | undefined;
  /** (N,classes): what each image is of, where `labels` cannot say it. */
  readonly targets: Float32Array | undefined;
  readonly count: number;
  /** Which items of the data set these are. */
  readonly indices: Uint32Array;
  /** Places in the epoch's order up to the batch's end. */
  readonly position: number;
}

interface Loaded {
  readonly index: number;
  readonly label: Sample['label'];
  /** A tensor (C,H,W) goes into the batch as it is. */
  readonly image: StoredImage | Tensor;
}

// Indices from here on draw for transforms; those of images are below, and augment these.
const TRANSFORMS = 2 ** 30;

/** One of several views of each image. */
type View = NonNullable<ImageDraws['views']>[number];

/** What stands for an image that cannot be decoded, and for the end of a stream. */
const CORRUPT = Symbol('corrupt');
const END = Symbol('end');

/** Makes batches of a data set's images: decoded beside the event loop, and all else on the stream. */
export class Feed {
  readonly #parts: FeedParts;
  readonly #cache: () => Promise<ImageCache>;

  constructor(parts: FeedParts, cache: () => Promise<ImageCache>) {
    this.#parts = parts;
    this.#cache = cache;
  }

  /**
   * The batches of an epoch's items, from a place on, without the first ones. Images that are corrupt are passed over, so
   * that where a batch begins is known by loading those before it.
   */
  async *batches(items: EpochItems, epoch: number, begin: number, skipped = 0): AsyncGenerator<FeedBatch> {
    const { batchSize, prefetch, dropLast } = this.#parts;
    const cache = await this.#cache();
    const ahead: (Loaded | Promise<Loaded | typeof CORRUPT | typeof END>)[] = [];
    let [position, next, number, read] = [begin, begin, 0, 0];
    let batch: Loaded[] = [];
    const made = (): FeedBatch | undefined => {
      const full = number++ < skipped ? undefined : this.#make(batch, { epoch, position, cache });
      for (const each of batch) release(each, cache);
      batch = [];
      return full;
    };
    try {
      while (position < items.length) {
        while (ahead.length < batchSize * (1 + prefetch) && next < items.length) {
          ahead.push(this.#load(items.at(next++), epoch, cache));
        }
        const loading = ahead.shift();
        const loaded = isThenable(loading) ? await loading : loading;
        if (loaded === END || loaded === undefined) break;
        position++;
        if (loaded !== CORRUPT) read = batch.push(loaded);
        if (batch.length < batchSize) continue;
        const full = made();
        if (full !== undefined) yield full;
      }
      if (read === 0 && items.isEpoch && begin === 0 && position > 0) throw noneRead(position);
      const last = batch.length > 0 && !dropLast ? made() : undefined;
      if (last !== undefined) yield last;
    } finally {
      await items.end?.();
      const settled = await Promise.allSettled([...batch, ...ahead]); // what failed is told already, or of no account
      for (const loaded of settled) {
        if (loaded.status === 'fulfilled' && typeof loaded.value === 'object') release(loaded.value, cache);
      }
    }
  }

  /** An item with its image; a promise only where something must be read. */
  #load(
    item: ReturnType<EpochItems['at']>,
    epoch: number,
    cache: ImageCache,
  ): Loaded | Promise<Loaded | typeof CORRUPT | typeof END> {
    if (!isThenable(item) && this.#parts.transform === undefined) {
      const { index, sample } = item as PlacedSample; // no promise
      const image = cache.get(index);
      if (image !== undefined) return { index, label: sample.label, image };
    }
    const loading = this.#read(item, epoch, cache);
    loading.catch(() => undefined); // awaited in its turn
    return loading;
  }

  async #read(
    item: ReturnType<EpochItems['at']>,
    epoch: number,
    cache: ImageCache,
  ): Promise<Loaded | typeof CORRUPT | typeof END> {
    const found = await item;
    if (found === undefined) return END;
    const { index, sample } = found;
    const { image: source, label } = sample;
    const { transform } = this.#parts;
    if (source instanceof Tensor) {
      if (transform === undefined) return { index, label, image: untracked(() => clone(source)) }; // its owner may go on
      throw expected('images of bytes', 'DataLoader transform', source);
    }
    const image = cache.get(index) ?? (await this.#decode(index, source, cache));
    if (image === CORRUPT) return CORRUPT;
    if (transform === undefined) return { index, label, image };
    return {
      index,
      label,
      image: await this.#transformed({ index, epoch, where: nameOf(source, index) }, image, cache),
    };
  }

  async #decode(index: number, source: ByteSource, cache: ImageCache): Promise<StoredImage | typeof CORRUPT> {
    const { preprocessing, augmentation, transform, corrupt } = this.#parts;
    const where = nameOf(source, index);
    const augments = augmentation?.shrinks === true;
    const whole = augmentation !== undefined || transform !== undefined;
    let image: StoredImage;
    try {
      image = await decode(source, where, { preprocessing, augments, whole });
    } catch (error) {
      if (corrupt.add(index, where, error)) cache.skip?.();
      return CORRUPT;
    }
    // Pixels that the data set gave may be other ones the next time.
    const isFile = typeof source === 'string' || source instanceof Uint8Array || isArchived(source);
    return isFile ? await cache.put(index, image) : image;
  }

  /** What the user's transform makes of an image. */
  async #transformed(
    { index, epoch, where }: { index: number; epoch: number; where: string },
    image: StoredImage,
    cache: ImageCache,
  ): Promise<StoredImage> {
    const { preprocessing, augmentation, transform, seed } = this.#parts;
    const { bytes, height, width } = image;
    const channels = image.channels === 1 ? 1 : 3; // there are no others
    const pixels = bytes === undefined ? await cache.read?.(image) : await bytes.bytes();
    release({ index, label: 0, image }, cache);
    if (pixels === undefined || transform === undefined) return image; // a cache without bytes reads them
    const context = { index, epoch, seed: new Draws(seed, epoch, TRANSFORMS + index).seed() };
    const made = await transform.run({ pixels, height, width, channels }, context, where);
    const stored = await pixelsOf(made, where, { preprocessing, augments: false, whole: true });
    if (augmentation !== undefined) {
      const { height: rows, width: columns, channels: colours } = stored;
      return { bytes: stored, begin: 0, height: rows, width: columns, channels: colours, corner: undefined };
    }
    try {
      return cutImage(stored, preprocessing);
    } finally {
      stored.dispose(); // its last use is enqueued
    }
  }

  #make(batch: readonly Loaded[], at: { epoch: number; position: number; cache: ImageCache }): FeedBatch {
    const { preprocessing, augmentation, seed } = this.#parts;
    const { crop } = preprocessing;
    const { epoch, position, cache } = at;
    const count = batch.length;
    const labels = batch.map(({ label }) => label);
    const common = { count, position, indices: Uint32Array.from(batch, ({ index }) => index) };
    const { mixing } = augmentation ?? {};
    // Labels first: what is thrown for them must leave no images behind.
    if (mixing === undefined) {
      const plain = plainLabels(labels);
      const images = this.#stored(this.#stacked(batch, epoch, cache));
      const views = augmentation?.views?.map((view) => this.#stored(this.#stacked(batch, epoch, cache, view)));
      return { ...common, ...plain, images, ...(views && { views }) };
    }
    const drawn = drawMixing(mixing, { seed, epoch, first: position }, [count, crop[0], crop[1]]);
    const classes = this.#parts.numClasses ?? 0; // the loader has made sure of it
    const targets = mixedTargets(labels, drawn.shares, classes, mixing.smoothing);
    let images = this.#stacked(batch, epoch, cache);
    if (drawn.shares.some((share) => share !== 1)) {
      const mixed = untracked(() => empty(images.shape));
      imageMix(mixed, images, drawn);
      images.dispose();
      images = mixed;
    }
    return { images: this.#stored(images), ...common, labels: undefined, targets };
  }

  /** A batch as it is given, in the place of float32. */
  #stored(images: Tensor): Tensor {
    const { dtype } = this.#parts;
    if (images.dtype === dtype) return images;
    const stored = untracked(() => converted(images, dtype));
    images.dispose();
    return stored;
  }

  /** (N,C,H,W) of a batch's images, or of one of their views. */
  #stacked(batch: readonly Loaded[], epoch: number, cache: ImageCache, view?: View): Tensor {
    const { mean } = this.#parts.preprocessing;
    const { crop, draws } = view ?? { crop: this.#parts.preprocessing.crop, draws: this.#parts.augmentation };
    const shape = [mean.length, ...crop];
    const tensors = batch.flatMap(({ image }) => (image instanceof Tensor ? [image] : []));
    if (tensors.length > 0) {
      if (this.#parts.augmentation === undefined) return stackedTensors(tensors, batch.length, shape);
      throw expected('images of bytes', 'DataLoader augment', tensors[0], 'Tensors go into a batch as they are.');
    }
    const images = untracked(() => empty([batch.length, ...shape]));
    imageBatch(
      images,
      batch.map(({ index, image }) => this.#place(index, image as StoredImage, epoch, { crop, draws })), // none is a tensor
      { ...normalizationOf(this.#parts.preprocessing), descriptor: cache.descriptor ?? -1 },
    );
    return images;
  }

  /** An image's way into the batch. */
  #place(
    index: number,
    image: StoredImage,
    epoch: number,
    { crop, draws }: { crop: readonly [number, number]; draws: ImageDraws | undefined },
  ): BatchImage {
    const { seed } = this.#parts;
    const { height, width, corner } = image;
    if (draws === undefined || corner !== undefined) return asItIs(image, corner ?? [0, 0]);
    return { ...image, ...draws.draw({ seed, epoch, index }, [height, width], crop), top: 0, left: 0 };
  }
}

/** The error of an epoch that has no image, though `maxCorrupt` lets all be left out. */
function noneRead(count: number): Error {
  const advice = 'They are told above, each with what is wrong with it.';
  return expected('at least one image that can be read', 'the DataLoader', new Text(`none of ${count}`), advice);
}

/** Gives back an image that nobody keeps, once its last use is enqueued. */
function release(loaded: Loaded, cache: ImageCache): void {
  const { image, index } = loaded;
  if (image instanceof Tensor) image.dispose();
  else if (cache.get(index) !== image) image.bytes?.dispose();
}
