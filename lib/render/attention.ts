import { checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { evaluating } from '../nn/evaluating.js';
import { gridOf } from '../nn/vit/grid.js';
import type { ViT } from '../nn/vit/vit.js';
import { mean } from '../ops/reduce.js';
import { slice } from '../ops/slice.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { fullAttention } from './attention-scale.js';
import { checkImages } from './check-images.js';
import { viridis } from './colour-map.js';
import { imagePicture } from './image-picture.js';
import { enlarge, paint, toPng } from './picture.js';

/** Which attention is drawn. */
export interface AttentionOptions {
  /** A block's number from 0, negative from the end; or all of them multiplied up. Default: the last. */
  readonly layer?: number | 'rollout';
  /** A head's number from 0. Default: the mean over heads. */
  readonly head?: number;
}

const OPTIONS: OptionNames<AttentionOptions> = { layer: true, head: true };

// Of the veil over the image; even where it is densest, the image shows.
const OPACITY = 0.55;
const LEAST_PIXELS = 224;

/**
 * What the class token attends to, laid over the image: dark blue for none, yellow for most, but no patch is yellow that
 * gets less than three times an even share. Without a class token, the mean over all tokens.
 *
 * @param image (1,C,H,W), as the model takes it
 * @returns a PNG file's bytes
 * @throws TypeError for more than one image, or a layer or head that is none
 * @see Dosovitskiy et al. 2021, figure 6
 * @example
 * await writeFile('attention.png', await render.attention(model, image, { layer: 'rollout' }));
 */
export async function attention(model: ViT, image: Tensor, options: AttentionOptions = {}): Promise<Uint8Array> {
  checkOptions(options, OPTIONS, 'render.attention');
  checkImages(model, image, 'render.attention');
  if (image.shape[0] !== 1) throw expected('one image (1,C,H,W)', 'render.attention', image);
  const row = evaluating(model, () => scope(() => attentionRow(model, image, options)));
  const weights = Float32Array.from((await row.data()).subarray(model.numPrefixTokens));
  row.dispose();
  const picture = await imagePicture(image, model.pretrainedConfig);
  const { width, height } = picture;
  const [rows, columns] = gridOf(model.config, [height, width], 'render.attention');
  const full = fullAttention(weights);
  const factor = Math.ceil(LEAST_PIXELS / Math.min(width, height));
  const large = enlarge(picture, factor);
  const overlaid = paint(large.width, large.height, (y, x) => {
    const at = (y * large.width + x) * 3;
    const share = interpolate(weights, rows, columns, (y + 0.5) / large.height, (x + 0.5) / large.width) / full;
    const veil = viridis(share);
    const mix = (c: 0 | 1 | 2): number => Math.round((1 - OPACITY) * (large.data[at + c] ?? 0) + OPACITY * veil[c]);
    return [mix(0), mix(1), mix(2)];
  });
  return toPng(overlaid);
}

/** The attention of the class token on every token, (1,T). */
function attentionRow(model: ViT, image: Tensor, { layer = -1, head }: AttentionOptions): Tensor {
  const query = (x: Tensor, dim: number): Tensor =>
    model.config.classToken ? mean(slice(x, dim, 0, 1), { dim }) : mean(x, { dim });
  if (layer === 'rollout') return query(model.attentionRollout(image), 1);
  const maps = model.attentionMaps(image); // (1,H,T,T) each
  const map = maps.at(checkInteger(layer, 'render.attention layer', -maps.length, maps.length - 1)) as Tensor; // in range
  const heads = map.shape[1]; // (1,H,T,T)
  if (head === undefined) return mean(query(map, 2), { dim: 1 });
  checkInteger(head, 'render.attention head', 0, heads - 1);
  return mean(slice(query(map, 2), 1, head, head + 1), { dim: 1 });
}

/** A map over the patches between their middles, at (y, x) from 0 to 1. */
function interpolate(map: ArrayLike<number>, rows: number, columns: number, y: number, x: number): number {
  const clip = (at: number, count: number): number => Math.min(count - 1, Math.max(0, at * count - 0.5));
  const [row, column] = [clip(y, rows), clip(x, columns)];
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [bottom, right] = [Math.min(rows - 1, top + 1), Math.min(columns - 1, left + 1)];
  const value = (r: number, c: number): number => map[r * columns + c] ?? 0;
  const [dy, dx] = [row - top, column - left];
  const upper = value(top, left) * (1 - dx) + value(top, right) * dx;
  return upper * (1 - dy) + (value(bottom, left) * (1 - dx) + value(bottom, right) * dx) * dy;
}
