import sharp, { type KernelEnum } from 'sharp';
import { expected, Text } from '../check.js';
import { fileErrorFrom } from '../io/file-error.js';
import type { Preprocessing } from '../io/preprocessing.js';
import { regularFileSize } from '../io/regular-file.js';
import { type Tensor, tensor } from '../tensor.js';

/**
 * Reads image files (PNG, JPEG, WebP, GIF, TIFF) as a pretrained model wants them: upright, resized, cut from the
 * middle and normalised.
 *
 * @param files paths, or the files' bytes
 * @param preprocessing of the model, `model.pretrainedConfig`; one mean for grey images, three for red, green, blue
 * @returns (N,C,H,W)
 * @throws TypeError, one sentence, for no files, one that is no image, or a model of other channels
 * Counterpart: timm's `transforms_imagenet_eval`, torchvision's `ImageClassification`, Transformers'
 * `ViTImageProcessor`.
 * @example
 * const images = await data.loadImages(['cat.jpg'], model.pretrainedConfig);
 */
export async function loadImages(
  files: readonly (string | Uint8Array)[],
  preprocessing: Preprocessing,
): Promise<Tensor> {
  if (files.length === 0) throw expected('at least one file', 'loadImages', files);
  const { resize, crop, mean, std } = preprocessing;
  const channels = mean.length;
  if ((channels !== 1 && channels !== 3) || std.length !== channels) {
    throw expected('1 or 3 means, and as many deviations', 'loadImages', new Text(`${channels} and ${std.length}`));
  }
  const plane = crop[0] * crop[1];
  const [rows, columns] = typeof resize === 'number' ? [resize, resize] : resize;
  if (rows < crop[0] || columns < crop[1]) {
    throw expected('a resize at least as large as the crop', 'loadImages', new Text(`${resize} and ${crop}`));
  }
  const values = new Float32Array(files.length * channels * plane);
  for (const [n, file] of files.entries()) {
    const pixels = await decode(file, preprocessing);
    for (let c = 0; c < channels; c++) {
      const [shift, scale] = [mean[c] ?? 0, 255 * (std[c] ?? 1)];
      const start = (n * channels + c) * plane;
      for (let i = 0; i < plane; i++) values[start + i] = ((pixels[i * channels + c] ?? 0) - 255 * shift) / scale;
    }
  }
  return tensor(values, [files.length, channels, ...crop]);
}

const kernels: Readonly<Record<Preprocessing['interpolation'], keyof KernelEnum>> = {
  nearest: 'nearest',
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};

/** An image file's pixels after resizing and cropping, (H,W,C). */
async function decode(file: string | Uint8Array, preprocessing: Preprocessing): Promise<Uint8Array> {
  const { resize, crop, interpolation, mean } = preprocessing;
  if (typeof file === 'string') await regularFileSize(file);
  const where = typeof file === 'string' ? file : 'the bytes of an image';
  try {
    const image = sharp(file).rotate().removeAlpha(); // upright, as the camera's orientation says
    const { width, height, orientation = 1 } = await sharp(file).metadata();
    const upright: [number, number] = orientation >= 5 ? [width, height] : [height, width];
    const [rows, columns] = typeof resize === 'number' ? scaleShorter(upright, resize) : resize;
    const { data } = await image
      .toColourspace(mean.length === 1 ? 'b-w' : 'srgb')
      .resize(columns, rows, { fit: 'fill', kernel: kernels[interpolation], fastShrinkOnLoad: false })
      .extract({ ...middle([rows, columns], crop), width: crop[1], height: crop[0] })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return data;
  } catch (cause) {
    throw fileErrorFrom(cause, 'an image (PNG, JPEG, WebP, GIF or TIFF)', where);
  }
}

/** (height, width) with the shorter side of the given length. */
function scaleShorter([height, width]: readonly [number, number], shorter: number): [number, number] {
  return height <= width
    ? [shorter, Math.floor((shorter * width) / height)]
    : [Math.floor((shorter * height) / width), shorter];
}

function middle(size: readonly [number, number], crop: readonly [number, number]): { top: number; left: number } {
  // Python's round, which torchvision crops by: a half goes to the even number.
  const offset = (from: number, to: number): number => Math.floor((from - to) / 2) + ((from - to) % 4 === 3 ? 1 : 0);
  return { top: offset(size[0], crop[0]), left: offset(size[1], crop[1]) };
}
