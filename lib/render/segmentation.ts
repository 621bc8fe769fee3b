import { checkArray, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { checkTensor } from '../ops/check-tensor.js';
import { slice } from '../ops/slice.js';
import type { Tensor } from '../tensor.js';
import type { Rgb } from './colour-map.js';
import { imagePicture } from './image-picture.js';
import { enlarge, mosaic, type Picture, paint, toPng } from './picture.js';

/** How classes of pixels are shown. */
export interface SegmentationOptions {
  /** How much of a class's colour there is over the image, from 0 to 1. Default 0.6. */
  readonly opacity?: number;
  /** The mean that was taken from each channel. Default: as images from -1 to 1 have it. */
  readonly mean?: readonly number[];
  /** What each channel was divided by. Default likewise. */
  readonly std?: readonly number[];
}

const OPTIONS: OptionNames<SegmentationOptions> = { opacity: true, mean: true, std: true };

const LEAST_PIXELS = 128;
const GAP = 4;

/**
 * Images beside themselves with the classes of their pixels laid over, a row an image: the colours are PASCAL VOC's, class 0
 * as the image is, and grey what is no class.
 *
 * @param images (N,C,H,W), normalised
 * @param classes (N,H,W) int32, or several of them, such as the truth and a prediction
 * @returns a PNG file's bytes
 * @throws TypeError when the sizes do not go together
 * @see Everingham et al. 2015, its `VOClabelcolormap`
 * @example
 * await writeFile('shapes.png', await render.segmentation(images, [labels, F.argmax(logits, { dim: 1 })]));
 */
export async function segmentation(
  images: Tensor,
  classes: Tensor | readonly Tensor[],
  options: SegmentationOptions = {},
): Promise<Uint8Array> {
  checkOptions(options, OPTIONS, 'render.segmentation');
  const opacity = checkNumber(options.opacity ?? 0.6, 'render.segmentation opacity', 0, 1);
  checkTensor(images, 'render.segmentation images', { rank: 4, letters: '(N,C,H,W)' });
  const [n, channels, height, width] = images.shape as [number, number, number, number]; // four axes
  if (images.size === 0) throw expected('at least one image', 'render.segmentation', images);
  const maps = (Array.isArray(classes) ? classes : [classes]) as readonly Tensor<'int32'>[];
  for (const map of maps) {
    checkTensor(map, 'render.segmentation classes', { dtype: 'int32', shape: [n, height, width] });
  }
  const { mean, std } = checkMoments(options, channels);
  const labels = await Promise.all(maps.map((map) => map.data()));
  const pictures: Picture[] = [];
  for (let i = 0; i < n; i++) {
    using image = slice(images, 0, i, i + 1);
    const plain = await imagePicture(image, { ...(mean && { mean }), ...(std && { std }) });
    pictures.push(plain, ...labels.map((values) => overlay(plain, values.subarray(i * height * width), opacity)));
  }
  const factor = Math.ceil(LEAST_PIXELS / Math.max(height, width));
  const large = pictures.map((picture) => enlarge(picture, factor));
  return toPng(mosaic(large, 1 + maps.length, GAP));
}

function checkMoments({ mean, std }: SegmentationOptions, channels: number): SegmentationOptions {
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values === undefined) continue;
    checkArray(values, 'an array of numbers', `render.segmentation ${name}`);
    if (values.length !== channels) throw expected(`${channels} numbers`, `render.segmentation ${name}`, values);
    for (const value of values) checkNumber(value, `render.segmentation ${name}`);
  }
  return { ...(mean && { mean }), ...(std && { std }) };
}

function overlay(picture: Picture, classes: Int32Array, opacity: number): Picture {
  const { width, height, data } = picture;
  return paint(width, height, (row, column) => {
    const at = row * width + column;
    const rgb: Rgb = [data[3 * at], data[3 * at + 1], data[3 * at + 2]];
    if (classes[at] === 0) return rgb;
    const colour = colourOf(classes[at]);
    return rgb.map((value, c) => Math.round((1 - opacity) * value + opacity * colour[c])) as unknown as Rgb; // three
  });
}

const COLOURS = 256;
const NO_COLOUR: Rgb = [128, 128, 128];

/** A class's colour: each channel takes every third bit of its number, the lowest as its highest. */
function colourOf(label: number): Rgb {
  if (label < 0 || label >= COLOURS) return NO_COLOUR;
  const rgb = [0, 0, 0];
  for (let i = 0, bits = label; i < 8; i++, bits >>= 3) {
    for (let c = 0; c < 3; c++) rgb[c] |= ((bits >> c) & 1) << (7 - i);
  }
  return rgb as unknown as Rgb; // three
}
