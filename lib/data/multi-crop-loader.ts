import { checkArray, checkInteger, checkPair, expected, type Pair, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { tensor } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';
import type { AugmentOptions } from './augment/augment.js';
import { MultiCropDraws } from './augment/multi-crop.js';
import { FEED_NAMES, type FeedOptions } from './feed/image-feed.js';
import { DataLoader } from './loader.js';
import type { Dataset } from './sets/dataset.js';

/** What becomes of a crop, whose share of its image is said elsewhere. */
export type CropAugmentOptions = Omit<AugmentOptions, 'scale'>;

/** Options of `MultiCropLoader`. */
export interface MultiCropLoaderOptions extends FeedOptions {
  /** Images of a batch. */
  batchSize: number;
  /** Large crops, of the preprocessing's size. Default 2. */
  globalCrops?: number;
  /** The share of an image's area that these show. Default [0.4, 1]. */
  globalScale?: readonly [number, number];
  /** Small crops. Default 8. */
  localCrops?: number;
  /** Their size; to be given where there are any. */
  localSize?: Pair;
  /** The share of an image's area that these show. Default [0.05, 0.4]. */
  localScale?: readonly [number, number];
  /** What becomes of all crops besides; nothing that mixes images. Default `{}`, timm's default. */
  augment?: CropAugmentOptions;
  /** What of that differs for each of the large crops. Default: nothing. */
  globalAugment?: readonly CropAugmentOptions[];
  /** What of that differs for the small ones. Default: nothing. */
  localAugment?: CropAugmentOptions;
  /** Whether each epoch has its own random order. Default false. */
  shuffle?: boolean;
  /** Of the orders, and of what is drawn for each crop. Default 0. */
  seed?: number;
  /** Whether a last batch that is smaller is left out. Default false. */
  dropLast?: boolean;
}

const NAMES: OptionNames<MultiCropLoaderOptions> = {
  batchSize: true,
  globalCrops: true,
  globalScale: true,
  localCrops: true,
  localSize: true,
  localScale: true,
  globalAugment: true,
  localAugment: true,
  shuffle: true,
  seed: true,
  dropLast: true,
  ...FEED_NAMES,
};

/**
 * What Meta's DINO does to crops, as options of `MultiCropLoader`: colours change, some crops are grey; the first large one is
 * always blurred, the second seldom but sometimes solarised, and half of the small ones are blurred.
 *
 * @see `DataAugmentationDINO` of Meta's code
 * @example
 * new data.MultiCropLoader(train, { batchSize: 64, preprocessing, localSize: 96, ...data.DINO_AUGMENT })
 */
export const DINO_AUGMENT: Required<Pick<MultiCropLoaderOptions, 'augment' | 'globalAugment' | 'localAugment'>> = {
  augment: {
    ...{ interpolation: 'bicubic', hflip: 0.5 },
    ...{ colorJitter: [0.4, 0.4, 0.2, 0.1], colorJitterProb: 0.8, grayscaleProb: 0.2 },
  },
  globalAugment: [{ gaussianBlurProb: 1 }, { gaussianBlurProb: 0.1, solarizeProb: 0.2 }],
  localAugment: { gaussianBlurProb: 0.5 },
};

/** Crops of some images. */
export interface MultiCropBatch {
  /** Each (N,C,h,w), the large ones first. */
  crops: Tensor[];
  /** (N) int32: the images' classes; undefined where they are of several. */
  labels: Tensor | undefined;
}

/**
 * Several crops of each image, large and small, decoded once: what self-supervised pretraining compares.
 *
 * @see Caron et al. 2020 (SwAV), multi-crop; for what Meta's DINO does to the crops, `DINO_AUGMENT`
 * @throws TypeError for options that are unknown or out of range, and augmentations that mix images
 * @example
 * for await (const { crops } of new data.MultiCropLoader(train, { batchSize: 64, preprocessing, localSize: 96 })) { ... }
 */
export class MultiCropLoader<D extends Dataset = Dataset> implements AsyncIterable<MultiCropBatch> {
  readonly #loader: DataLoader<D>;
  /** Crops of an image. */
  readonly numCrops: number;
  /** Passes begun by iterating. */
  epoch = 0;

  constructor(dataset: D, options: MultiCropLoaderOptions) {
    const where = 'MultiCropLoader';
    checkOptions(options, NAMES, where);
    if (options === undefined) throw expected('an object of options', where, options);
    const {
      globalCrops = 2,
      globalScale = [0.4, 1],
      localCrops = 8,
      localScale = [0.05, 0.4],
      localSize,
      ...others
    } = options;
    const { augment = {}, globalAugment, localAugment = {}, ...rest } = others;
    checkInteger(globalCrops, `${where} globalCrops`, 1);
    checkInteger(localCrops, `${where} localCrops`);
    checkAugment(augment, `${where} augment`);
    checkAugment(localAugment, `${where} localAugment`);
    const ofLarge: unknown = globalAugment === undefined ? new Array(globalCrops).fill({}) : globalAugment;
    const own = checkArray(ofLarge, 'an array of augmentations', `${where} globalAugment`);
    if (own.length !== globalCrops) {
      throw expected(`as many as globalCrops, ${globalCrops},`, `${where} globalAugment`, new Text(`${own.length}`));
    }
    const large = checkPair(rest.preprocessing?.crop, `${where} preprocessing crop`, 1);
    const small = localCrops === 0 ? large : checkPair(localSize, `${where} localSize`, 1);
    const crops = [
      ...own.map((one) => ({ ...augment, ...checkAugment(one, `${where} globalAugment`), scale: globalScale })),
      ...Array.from({ length: localCrops }, () => ({ ...augment, ...localAugment, scale: localScale })),
    ].map((drawn, i) => ({ crop: i < globalCrops ? large : small, augment: drawn }));
    this.numCrops = crops.length;
    const { mean = [], rescale = 1 / 255 } = rest.preprocessing ?? {};
    const middle = mean.map((value) => Math.min(255, Math.round(value / rescale)));
    this.#loader = new DataLoader<D>(dataset, rest, new MultiCropDraws(crops, middle, where));
  }

  /** Batches in an epoch. Corrupt images make it fewer. */
  get length(): number {
    return this.#loader.length;
  }

  /** The batches of an epoch; the tensors are the receiver's to dispose. */
  async *[Symbol.asyncIterator](): AsyncGenerator<MultiCropBatch> {
    for await (const { images, views = [], labels } of this.#loader.feedBatches(this.epoch++)) {
      yield { crops: [images, ...views], labels: labels && tensor(labels) };
    }
  }

  /** Gives back what the cache holds: its memory, and its file where it is not whole. */
  async dispose(): Promise<void> {
    await this.#loader.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

function checkAugment(augment: unknown, where: string): CropAugmentOptions {
  if (typeof augment !== 'object' || augment === null) throw expected('an object of augmentations', where, augment);
  if ('scale' in augment) throw expected('globalScale and localScale', where, new Text('scale'));
  for (const name of ['mixup', 'cutmix', 'cutmixMinmax', 'smoothing'] as const) {
    if ((augment as AugmentOptions)[name] !== undefined)
      throw expected('augmentation of single images', where, new Text(name));
  }
  return augment;
}
