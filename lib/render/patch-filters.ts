import { checkInteger } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { ViT } from '../nn/vit/vit.js';
import { checkModel } from './check-images.js';
import { enlarge, mosaic, type Picture, paint, toPng } from './picture.js';
import { principalComponents } from './principal-components.js';

const COLUMNS = 7; // as in the paper's figure
const PIXELS = 64; // of one filter, about

/** Options of `patchFilters`. */
export interface PatchFilterOptions {
  /** Of components. Default 28, the paper's; fewer where there are no more. */
  readonly count?: number;
}

const OPTIONS: OptionNames<PatchFilterOptions> = { count: true };

/**
 * The first principal components of the filters that embed patches, each scaled to its own range.
 *
 * @param options `count` of components, default the paper's 28; fewer where there are no more
 * @returns a PNG file's bytes
 * @see Dosovitskiy et al. 2021, figure 7 (left)
 */
export async function patchFilters(model: ViT, options: PatchFilterOptions = {}): Promise<Uint8Array> {
  checkModel(model, 'render.patchFilters');
  checkOptions(options, OPTIONS, 'render.patchFilters');
  const { weight } = model.patchEmbed.proj;
  const [filters, channels, height, width] = weight.shape as [number, number, number, number]; // (D,C,kh,kw)
  const most = Math.min(filters, channels * height * width);
  const count = Math.min(checkInteger(options.count ?? 28, 'render.patchFilters count', 1), most);
  const components = await principalComponents(weight, count);
  const factor = Math.max(1, Math.round(PIXELS / Math.max(height, width)));
  const pictures = components.map((component) => enlarge(filterPicture(component, channels, height, width), factor));
  return toPng(mosaic(pictures, Math.min(COLUMNS, count), 2));
}

/** A filter (C,kh,kw), its least value black and its greatest white. */
function filterPicture(filter: Float64Array, channels: number, height: number, width: number): Picture {
  const shown = channels >= 3 ? filter.subarray(0, 3 * height * width) : filter.subarray(0, height * width);
  const least = shown.reduce((a, b) => Math.min(a, b));
  const range = shown.reduce((a, b) => Math.max(a, b)) - least || 1;
  const plane = channels >= 3 ? height * width : 0;
  return paint(width, height, (row, column) => {
    const byte = (c: number): number =>
      Math.round((255 * ((shown[c * plane + row * width + column] ?? 0) - least)) / range);
    return [byte(0), byte(1), byte(2)];
  });
}
