import { noGrad } from '../autograd.js';
import { checkPair } from '../check.js';
import type { ViT } from '../nn/vit.js';
import { softmax } from '../ops/softmax.js';
import { scope } from '../scope.js';
import { tensor } from '../tensor.js';
import { readImage } from './read-image.js';

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

/** Runs a model on image files, one by one; throws one sentence for a file that is no image. */
export async function classify(
  model: ViT,
  paths: readonly string[],
  { classNames, top, invert }: ClassifyOptions,
): Promise<Classification[]> {
  const shape = [model.config.inChans, ...checkPair(model.config.imgSize, 'ViT imgSize', 1)] as const;
  const results: Classification[] = [];
  for (const image of paths) {
    const bytes = await readImage(image, shape);
    // As in training: 0..255 to -1..1.
    const pixels = Float32Array.from(bytes, (value) => (value / 127.5 - 1) * (invert ? -1 : 1));
    const output = scope(() => noGrad(() => softmax(model.forward(tensor(pixels, [1, ...shape])))));
    const probabilities = [...(await output.data())];
    output.dispose();
    const classes = probabilities
      .map((probability, index) => ({ name: classNames[index] ?? String(index), probability }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, top);
    results.push({ image, classes });
  }
  return results;
}
