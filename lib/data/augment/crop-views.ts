import { expected, Text } from '../../check.js';
import type { Preprocessing } from '../../io/pretrained/preprocessing.js';
import { cropOffset, resizedSize } from '../image-geometry.js';
import type { DrawnImage } from './augment.js';

/** How many crops there are: the four corners and the middle. */
export const CROP_VIEWS = 5;

/**
 * An image's crops of the model's size, corners first, each an epoch of its loader: the image is resized as for
 * evaluation, and the middle has evaluation's pixels.
 * @see `torchvision.transforms.FiveCrop`
 */
export class CropViews {
  readonly mixing = undefined;
  /** Images are decoded as for evaluation. */
  readonly shrinks = false;
  readonly #preprocessing: Preprocessing;

  /** @throws TypeError where resizing leaves nothing beside the crop */
  constructor(preprocessing: Preprocessing, where: string) {
    const { resize, crop } = preprocessing;
    this.#preprocessing = preprocessing;
    const [height, width] =
      typeof resize === 'number' ? [resize, resize + 1] : resize === 'none' ? crop.map((n) => n + 1) : resize;
    if (height > crop[0] || width > crop[1]) return;
    const advice = 'All crops would be the same; a preprocessing with a larger resize has others.';
    throw expected(`images resized beyond ${crop.join(' x ')}`, where, new Text(`${height} x ${width}`), advice);
  }

  /** @throws TypeError for an image that the crop does not fit into */
  draw({ epoch: view }: { epoch: number }, [height, width]: readonly [number, number]): DrawnImage {
    const { crop, interpolation, antialias = true, rounding } = this.#preprocessing;
    const size = resizedSize([height, width], this.#preprocessing);
    if (size[0] < crop[0] || size[1] < crop[1]) {
      throw expected(`an image of ${crop.join(' x ')} at least`, 'crops', new Text(size.join(' x ')));
    }
    const middle = view === CROP_VIEWS - 1;
    const top = middle ? cropOffset(size[0], crop[0], rounding) : view < 2 ? 0 : size[0] - crop[0];
    const left = middle ? cropOffset(size[1], crop[1], rounding) : view % 2 === 0 ? 0 : size[1] - crop[1];
    const whole = { window: { top: 0, left: 0, height, width }, size, interpolation, antialias };
    return { ...whole, kept: { top, left, height: crop[0], width: crop[1] }, steps: [], erasings: [] };
  }
}
