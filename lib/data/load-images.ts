import { expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { getThreads } from '../info.js';
import { checkPreprocessing, type Preprocessing } from '../io/pretrained/preprocessing.js';
import type { PretrainedConfig } from '../io/pretrained/pretrained-config.js';
import { imageBatch } from '../ops/image-batch.js';
import { untracked } from '../scope.js';
import { fence } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { asItIs, type CutImage, cutImage, normalizationOf } from './cut-image.js';
import { decodeImage } from './decode-image.js';

// What `fromPretrained` knows besides may stand beside it.
const NAMES: OptionNames<PretrainedConfig> = {
  resize: true,
  fit: true,
  longest: true,
  crop: true,
  rounding: true,
  fill: true,
  interpolation: true,
  antialias: true,
  rescale: true,
  mean: true,
  std: true,
  layout: true,
  labels: true,
  cropPct: true,
};

/**
 * Reads image files (PNG, JPEG, WebP, GIF, TIFF) as a pretrained model wants them: upright, resized, cut from the
 * middle and normalised. The pixels are Pillow's: colours become grey by ITU-R 601, alpha is dropped, colour profiles
 * are not applied, and filters give the same bytes.
 *
 * @param files paths, or the files' bytes
 * @param preprocessing of the model, `model.pretrainedConfig`; one mean for grey images, three for red, green, blue
 * @returns (N,C,H,W)
 * @throws TypeError, one sentence, for no files, one that is no image (the first of them is named), unknown options, or
 *   a model of other channels
 * @see timm's `transforms_imagenet_eval`, torchvision's `ImageClassification`, Transformers' `ViTImageProcessor`
 * @example
 * const images = await data.loadImages(['cat.jpg'], model.pretrainedConfig);
 */
export async function loadImages(
  files: readonly (string | Uint8Array)[],
  preprocessing: Preprocessing,
): Promise<Tensor> {
  if (!Array.isArray(files) || files.length === 0) throw expected('at least one file', 'loadImages', files);
  for (const file of files) {
    if (typeof file !== 'string' && !(file instanceof Uint8Array)) {
      throw expected('paths, or Uint8Arrays of the bytes of files', 'loadImages', file);
    }
  }
  if (typeof preprocessing !== 'object') throw expected("a model's pretrainedConfig", 'loadImages', preprocessing);
  checkOptions(preprocessing, NAMES, 'loadImages');
  checkPreprocessing(preprocessing, 'loadImages');
  const { crop, mean } = preprocessing;
  const cut: CutImage[] = [];
  try {
    await cutImages(cut, files, preprocessing);
    const images = untracked(() => empty([files.length, mean.length, ...crop]));
    const placed = cut.map((image) => asItIs(image, image.corner));
    imageBatch(images, placed, normalizationOf(preprocessing));
    return images;
  } finally {
    for (const image of cut) image?.bytes.dispose(); // some are missing where one was bad
  }
}

// Bytes of decoded images that may wait on a stream that is busy with other work.
const MOST_WAITING = 256 * 2 ** 20;

/** Decodes as many files at a time as there are threads; throws what is wrong with the first bad one. */
async function cutImages(
  cut: CutImage[],
  files: readonly (string | Uint8Array)[],
  preprocessing: Preprocessing,
): Promise<void> {
  const grey = preprocessing.mean.length === 1;
  const errors: { index: number; error: unknown }[] = [];
  let next = 0;
  let waiting = 0;
  const decodeInTurn = async (): Promise<void> => {
    while (next < files.length && errors.length === 0) {
      const index = next++;
      const file = files[index];
      const where = typeof file === 'string' ? file : `the bytes of image ${index}`;
      try {
        using image = await decodeImage(file, where, grey);
        waiting += image.length;
        cut[index] = cutImage(image, preprocessing);
        if (waiting > MOST_WAITING) {
          waiting = 0;
          await fence();
        }
      } catch (error) {
        errors.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(getThreads(), files.length) }, decodeInTurn));
  const [first] = errors.sort((a, b) => a.index - b.index);
  if (first !== undefined) throw first.error;
}
