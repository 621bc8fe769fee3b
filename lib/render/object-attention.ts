import { checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { evaluating } from '../nn/evaluating.js';
import { gridOf } from '../nn/vit/grid.js';
import type { ViT } from '../nn/vit/vit.js';
import { slice } from '../ops/slice.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkImages } from './check-images.js';
import type { Rgb } from './colour-map.js';
import { imagePicture } from './image-picture.js';
import { enlarge, mosaic, type Picture, paint, toPng } from './picture.js';

/** Which attention is drawn, and how much of it. */
export interface ObjectAttentionOptions {
  /** The share of each head's attention that is shown, by the patches that get most. Default 0.6. */
  readonly mass?: number;
  /** A block's number from 0, negative from the end. Default: the last. */
  readonly layer?: number;
}

const OPTIONS: OptionNames<ObjectAttentionOptions> = { mass: true, layer: true };

const LEAST_PIXELS = 224;
const GAP = 4;
// Of what a head does not look at, this much is left; what it looks at takes this much of its colour.
const DARK = 0.35;
const TINT = 0.45;

/**
 * What each head of the class token looks at, cut out: the image, and a picture a head in which the patches that together
 * get `mass` of its attention have the head's colour and the rest is dark. With DINO's models these are objects and their
 * parts. Other prefix tokens, such as registers, are left out.
 *
 * @param image (1,C,H,W), as the model takes it
 * @returns a PNG file's bytes
 * @throws TypeError for a model without class token or that is no ViT, for more than one image, and a layer that is none
 * @see Caron et al. 2021 (DINO), figure 1; `visualize_attention.py` of its code
 * @example
 * await writeFile('heads.png', await render.objectAttention(model, image, { mass: 0.6 }));
 */
export async function objectAttention(
  model: ViT,
  image: Tensor,
  options: ObjectAttentionOptions = {},
): Promise<Uint8Array> {
  checkOptions(options, OPTIONS, 'render.objectAttention');
  checkImages(model, image, 'render.objectAttention');
  if (image.shape[0] !== 1) throw expected('one image (1,C,H,W)', 'render.objectAttention', image);
  if (!model.config.classToken) throw expected('a ViT with a class token', 'render.objectAttention', model);
  const mass = checkNumber(options.mass ?? 0.6, 'render.objectAttention mass', 0, 1);
  const rows = evaluating(model, () => scope(() => classRows(model, image, options.layer ?? -1)));
  const weights = (await rows.data()) as Float32Array; // attention is float32
  const [, heads, , patches] = rows.shape as [number, number, number, number]; // (1,H,1,L)
  rows.dispose();
  const picture = await imagePicture(image, model.pretrainedConfig);
  const { width, height } = picture;
  const grid = gridOf(model.config, [height, width], 'render.objectAttention');
  const large = enlarge(picture, Math.ceil(LEAST_PIXELS / Math.min(width, height)));
  const pictures = Array.from({ length: heads }, (_, head) => {
    const seen = attended(weights.subarray(head * patches, (head + 1) * patches), mass);
    return cutOut(large, seen, grid, colourOf(head));
  });
  const columns = Math.ceil(Math.sqrt(1.5 * (heads + 1)));
  return toPng(mosaic([large, ...pictures], columns, GAP));
}

/** The class token's attention to the patches, (1,H,1,L). */
function classRows(model: ViT, image: Tensor, layer: number): Tensor {
  const maps = model.attentionMaps(image); // (1,H,T,T) each
  const at = checkInteger(layer, 'render.objectAttention layer', -maps.length, maps.length - 1);
  return slice(slice(maps.at(at) as Tensor, 2, 0, 1), 3, model.numPrefixTokens); // in range
}

/** @internal Which patches together get `mass` of the attention, those that get most: 1 for yes. */
export function attended(weights: ArrayLike<number>, mass: number): Uint8Array {
  const ascending = Array.from(weights, (_, i) => i).sort((a, b) => weights[a] - weights[b]);
  const total = ascending.reduce((sum, i) => sum + weights[i], 0);
  const seen = new Uint8Array(weights.length);
  let below = 0;
  for (const i of ascending) {
    below += weights[i];
    if (below > (1 - mass) * total) seen[i] = 1;
  }
  return seen;
}

function cutOut(
  { width, height, data }: Picture,
  seen: Uint8Array,
  [rows, columns]: readonly [number, number],
  colour: Rgb,
): Picture {
  return paint(width, height, (y, x) => {
    const at = (y * width + x) * 3;
    const inside = seen[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)] === 1;
    const mix = (c: 0 | 1 | 2): number =>
      Math.round(inside ? (1 - TINT) * data[at + c] + TINT * colour[c] : DARK * data[at + c]);
    return [mix(0), mix(1), mix(2)];
  });
}

/** Colours of full saturation, each far from those before it: hues a golden section apart. */
function colourOf(head: number): Rgb {
  const hue = (head * 0.618) % 1;
  const channel = (shift: number): number =>
    Math.round(255 * Math.min(1, Math.max(0, Math.abs(((hue + shift) % 1) * 6 - 3) - 1)));
  return [channel(0), channel(2 / 3), channel(1 / 3)];
}
