import { noGrad } from '../autograd.js';
import { checkPair, expected, Text } from '../check.js';
import { loadImages } from '../data/load-images.js';
import { ownPreprocessing } from '../io/pretrained/preprocessing.js';
import type { ViT } from '../nn/vit/vit.js';
import { mul } from '../ops/elementwise.js';
import { softmax } from '../ops/softmax.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** How `classify` reads images, and what it tells of them. */
export interface ClassifyOptions {
  readonly classNames: readonly string[];
  /** How many classes, likeliest first. */
  readonly top: number;
  /** Whether light and dark are swapped. */
  readonly invert: boolean;
}

/** What a model takes an image file for. */
export interface Classification {
  readonly image: string;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** A file that could not be read, and why. */
export interface Unreadable {
  readonly image: string;
  readonly error: unknown;
}

/** Runs a model on image files, one by one; a file that is no image costs the others nothing. */
export async function classify(
  model: ViT,
  paths: readonly string[],
  options: ClassifyOptions,
): Promise<(Classification | Unreadable)[]> {
  const { inChans, imgSize } = model.config;
  if (inChans !== 1 && inChans !== 3) {
    const advice = 'An image file has no more.';
    throw expected('a model of 1 or 3 channels', 'predict', new Text(`one of ${inChans}`), advice);
  }
  const preprocessing = ownPreprocessing(checkPair(imgSize, 'ViT imgSize', 1), inChans);
  const results: (Classification | Unreadable)[] = [];
  for (const image of paths) {
    let pixels: Tensor;
    try {
      pixels = await loadImages([image], preprocessing);
    } catch (error) {
      results.push({ image, error });
      continue;
    }
    results.push({ image, classes: await classesOf(model, pixels, options) });
    pixels.dispose();
  }
  return results;
}

async function classesOf(
  model: ViT,
  pixels: Tensor,
  { classNames, top, invert }: ClassifyOptions,
): Promise<Classification['classes']> {
  // From -1 to 1: light and dark change places with the sign.
  const output = scope(() => noGrad(() => softmax(model.forward(invert ? mul(pixels, -1) : pixels))));
  const probabilities = [...(await output.data())];
  output.dispose();
  return probabilities
    .map((probability, index) => ({ name: classNames[index] ?? String(index), probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
