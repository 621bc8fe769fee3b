import { expected, Text } from '../../check.js';
import type { Preprocessing } from '../../io/pretrained/preprocessing.js';
import { ByteImage } from '../../ops/byte-image.js';
import { imageConvert } from '../../ops/image-convert.js';
import type { Tensor } from '../../tensor.js';
import { cutImage } from '../cut-image.js';
import { decodeImage } from '../decode-image.js';
import { type ImageSource, isArchived } from '../sets/sample.js';

/** An image's bytes, in memory or in the cache's file. */
export interface StoredImage {
  /** Undefined for those of the file. */
  readonly bytes: ByteImage | undefined;
  /** Where in the file they begin. */
  readonly begin: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Where the image lies in the model's, where it has been prepared; undefined for one to be cut. */
  readonly corner: readonly [top: number, left: number] | undefined;
}

/** What is decoded: not those that are float32 already. */
export type ByteSource = Exclude<ImageSource, Tensor>;

/** How images are decoded. */
export interface StoreOptions {
  readonly preprocessing: Preprocessing;
  /** Whether images are cut at random later, and so may be made smaller as they are decoded. */
  readonly augments: boolean;
  /** Whether they are kept as they are, to be cut later. */
  readonly whole: boolean;
}

/** The most that the shorter side of a training image has: twice the crop's longer one. */
export function mostShortSide({ crop }: Preprocessing): number {
  return 2 * Math.max(...crop);
}

/**
 * An image's bytes as they are kept: for training whole, made smaller where the shorter side is more than twice what is
 * needed; for evaluation resized and cut, as `loadImages` does it.
 *
 * @throws TypeError, one sentence, for what is no image
 */
export async function decode(source: ByteSource, where: string, options: StoreOptions): Promise<StoredImage> {
  const { preprocessing, whole } = options;
  const image = await pixelsOf(source, where, options);
  const { height, width, channels } = image;
  if (whole) return { bytes: image, begin: 0, height, width, channels, corner: undefined };
  try {
    return cutImage(image, preprocessing);
  } finally {
    image.dispose(); // its last use is enqueued
  }
}

/** An image's bytes in native memory, grey where the model takes grey ones. */
export async function pixelsOf(source: ByteSource, where: string, options: StoreOptions): Promise<ByteImage> {
  const grey = options.preprocessing.mean.length === 1;
  if (typeof source === 'string' || source instanceof Uint8Array || isArchived(source)) {
    const file = typeof source === 'string' || source instanceof Uint8Array ? source : await source.bytes();
    return decodeImage(file, where, grey, options.augments ? mostShortSide(options.preprocessing) : undefined);
  }
  const { pixels, height, width, channels } = source;
  const image = ByteImage.from(pixels, height, width, channels);
  if (!grey || channels === 1) return image;
  try {
    return imageConvert(image, 'greyFromRgb');
  } finally {
    image.dispose();
  }
}

/** What went wrong with images, and when that is too much. */
export class CorruptImages {
  readonly paths: string[] = [];
  readonly #told = new Set<number>();

  /**
   * @param most share of `count` that may be corrupt
   * @param log is told of each
   */
  constructor(
    readonly count: number | undefined,
    readonly most: number,
    readonly log: (message: string) => unknown,
  ) {}

  /** Counts an image once: whether it was new. @throws TypeError where there are more than `most` */
  add(index: number, where: string, error: unknown): boolean {
    if (this.#told.has(index)) return false;
    this.#told.add(index);
    this.paths.push(where);
    const message = error instanceof Error ? error.message : String(error);
    this.log(`Left out: ${message}`);
    if (this.paths.length <= this.most * (this.count ?? Math.max(100, index + 1))) return true;
    const share = `${100 * this.most} % of ${this.count ?? 'the'} images corrupt`;
    throw expected(
      `at most ${share}`,
      'the DataLoader',
      new Text(`${this.paths.length}, the last of them: ${message.replace(/\.$/, '')}`),
      'Mend or remove them, or raise maxCorrupt.',
    );
  }
}
