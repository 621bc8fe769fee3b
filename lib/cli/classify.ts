import { noGrad } from '../autograd.js';
import { expected, Text } from '../check.js';
import { loadImages } from '../data/load-images.js';
import type { PretrainedModel } from '../io/pretrained/families.js';
import type { Preprocessing } from '../io/pretrained/preprocessing.js';
import type { PretrainedConfig } from '../io/pretrained/pretrained-config.js';
import { tensor } from '../ops/creation.js';
import { sub } from '../ops/elementwise.js';
import { softmax } from '../ops/softmax.js';
import { autocast, type PrecisionChoice } from '../precision.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { type CompiledModel, compile } from '../train/compile.js';
import { warnOnce } from '../warning.js';
import type { ImageInput } from './image-inputs.js';
import { imageViews } from './image-views.js';
import type { Tta } from './tta-flag.js';

/** How `classify` reads images, and what it tells of them. */
export interface ClassifyOptions {
  /** How many classes, likeliest first. */
  readonly top: number;
  /** Whether light and dark are swapped. */
  readonly invert: boolean;
  /** Of the factors of products. */
  readonly precision?: PrecisionChoice | undefined;
  /** Whether each image is looked at in several ways. */
  readonly tta?: Tta | undefined;
  /** Sees each image that was read, (1,C,H,W) as the model takes it; awaited. */
  readonly onImage?: (input: ImageInput, pixels: Tensor) => Promise<void>;
}

/** What a model takes an image for. */
export interface Classification {
  readonly image: string;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** A file that could not be read, and why. */
export interface Unreadable {
  readonly image: string;
  readonly error: unknown;
}

const UNNAMED =
  'The checkpoint does not name its classes, so they are numbers. A classes.json beside it, an array of names, is read.';

// Enough that decoding and computing overlap, and few enough that the first results come soon.
const BATCH = 16;

/** Runs a model on image files, in their order; a file that is no image costs the others nothing. */
export async function* classify(
  model: PretrainedModel,
  inputs: readonly ImageInput[],
  options: ClassifyOptions,
): AsyncGenerator<Classification | Unreadable> {
  const config = model.pretrainedConfig;
  if (model.config.numClasses === 0 || config === undefined) {
    throw expected('a model that knows classes', 'predict', new Text('one without a head'));
  }
  checkChannels(config);
  if (config.labels === undefined) warnOnce(UNNAMED);
  const compiled = compile(model);
  try {
    for (let first = 0; first < inputs.length; first += BATCH) {
      const batch = inputs.slice(first, first + BATCH);
      const read = await Promise.allSettled(batch.map(({ file }) => loadImages([file], config)));
      const pixels = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const files = batch.flatMap(({ file }, index) => (read[index]?.status === 'fulfilled' ? [file] : []));
      try {
        const views = imageViews(pixels, files, config, options.tta);
        const rows = pixels.length === 0 ? [] : await probabilitiesOf(compiled, views, config, options);
        let row = 0;
        for (const [index, input] of batch.entries()) {
          const result = read[index] as PromiseSettledResult<Tensor>; // as many as inputs
          if (result.status === 'rejected') yield { image: input.name, error: result.reason };
          else {
            await options.onImage?.(input, result.value);
            yield { image: input.name, classes: likeliest(rows[row++] ?? [], config.labels, options.top) };
          }
        }
      } finally {
        for (const image of pixels) image.dispose();
      }
    }
  } finally {
    compiled.dispose();
  }
}

function checkChannels({ mean }: PretrainedConfig): void {
  if (mean.length === 1 || mean.length === 3) return;
  const advice = 'An image file has no more.';
  throw expected('a model of 1 or 3 channels', 'predict', new Text(`one of ${mean.length}`), advice);
}

/** The probabilities of each image's classes: the mean over the views of it. */
async function probabilitiesOf(
  model: CompiledModel,
  views: AsyncIterable<Tensor>,
  preprocessing: Preprocessing,
  { invert, precision = 'fp32' }: ClassifyOptions,
): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  let images = 0;
  for await (const batch of views) {
    images = batch.shape[0] ?? 0; // (B,C,H,W)
    const output = scope(() =>
      noGrad(() => {
        const images = invert ? inverted(batch, preprocessing) : batch;
        return softmax(autocast(precision, () => model.forward(images))) as Tensor<'float32'>;
      }),
    );
    batch.dispose();
    all.push(await output.data());
    output.dispose();
  }
  const [first = new Float32Array(0)] = all;
  const values = first.map((_, i) => all.reduce((sum, view) => sum + (view[i] ?? 0), 0) / all.length);
  const classes = values.length / images;
  return Array.from({ length: images }, (_, row) => values.subarray(row * classes, (row + 1) * classes));
}

/** Normalised images with light and dark swapped: what 255 - x would have become of each byte x. */
function inverted(images: Tensor, { mean, std, rescale = 1 / 255 }: Preprocessing): Tensor {
  const sums = mean.map((value, c) => (255 * rescale - 2 * value) / (std[c] ?? 1));
  return sub(tensor(sums, [1, sums.length, 1, 1]), images);
}

function likeliest(
  probabilities: ArrayLike<number>,
  labels: readonly string[] | undefined,
  top: number,
): Classification['classes'] {
  return Array.from(probabilities, (probability, index) => ({ name: labels?.[index] ?? String(index), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
