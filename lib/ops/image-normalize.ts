import { checkInteger, checkNumber, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import type { Tensor } from '../tensor.js';
import type { ByteImage } from './byte-image.js';
import { checkTensor } from './check-tensor.js';

/** Options of `imageNormalize`; lists have a value for each channel. */
export interface ImageNormalizeOptions {
  /** What is taken from a byte. */
  readonly offset: readonly number[];
  /** What the rest is divided by. */
  readonly divisor: readonly number[];
  /** Where the image's corner lies. Default 0; less than 0 cuts off. */
  readonly top?: number;
  readonly left?: number;
  /** Bytes of what the image does not cover. Default 0. */
  readonly fill?: readonly number[];
  /** Whether left and right are swapped. Default false. */
  readonly mirrored?: boolean;
}

const NAMES: OptionNames<ImageNormalizeOptions> = {
  offset: true,
  divisor: true,
  top: true,
  left: true,
  fill: true,
  mirrored: true,
};

const MOST_SIDE = 2 ** 30; // the native op's limit

/**
 * @internal Writes an image of bytes into a batch, as planes of `(byte - offset) / divisor`.
 *
 * @param images (N,C,H,W), of which image `index` is written; C is 1 to 4
 * @param image (h,w,C), or (h,w,1) for any C
 * @throws TypeError for channels that do not go together, an index that is none, or a divisor of 0
 * Counterpart: `torchvision.transforms.Normalize` after `ToTensor`, `CenterCrop`, `Pad` and `hflip`.
 */
export function imageNormalize(images: Tensor, index: number, image: ByteImage, options: ImageNormalizeOptions): void {
  checkOptions(options, NAMES, 'imageNormalize');
  checkTensor(images, 'imageNormalize', { rank: 4, letters: '(N,C,H,W)' });
  const [n, channels, height, width] = images.shape as [number, number, number, number]; // four axes
  checkInteger(index, 'imageNormalize index', 0, n - 1);
  if (image.channels !== 1 && image.channels !== channels) {
    throw expected(`an image of ${channels} channels or one`, 'imageNormalize', new Text(String(image.channels)));
  }
  const { offset, divisor, top = 0, left = 0, fill = offset.map(() => 0), mirrored } = options;
  for (const [name, values] of Object.entries({ offset, divisor, fill })) {
    if (values.length !== channels) throw expected(`${channels} numbers`, `imageNormalize ${name}`, values);
    for (const value of values) checkNumber(value, `imageNormalize ${name}`);
  }
  if (divisor.includes(0)) throw expected('no zeros', 'imageNormalize divisor', divisor);
  for (const at of [top, left]) checkInteger(at, 'imageNormalize corner', -MOST_SIDE, MOST_SIDE);
  native.imageNormalize({
    y: images,
    x: image,
    index,
    channels,
    height,
    width,
    xChannels: image.channels,
    xHeight: image.height,
    xWidth: image.width,
    top,
    left,
    offset,
    divisor,
    fill,
    mirrored: mirrored === true,
  });
  images.storage.version++;
}
