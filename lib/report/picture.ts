import { type Rgb, viridis } from '../render/colour-map.js';
import { encodePng } from '../render/png.js';
import type { PatchGrid, ReportImage } from './report-data.js';

/** A (C,H,W) image as a PNG data URI; one channel is grey, three or more are red, green, blue. */
export function imageUri({ shape, pixels }: ReportImage): string {
  const [channels, height, width] = shape;
  const bytes = Buffer.from(pixels, 'base64');
  const plane = height * width;
  const shown = channels >= 3 ? 3 : 1;
  const data = new Uint8Array(plane * shown);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < shown; c++) data[i * shown + c] = bytes[c * plane + i] ?? 0;
  }
  return pngUri({ width, height, data, channels: shown });
}

/** A map over the patches, one pixel each, coloured from -1 to 1, as a PNG data URI. */
export function similarityUri([height, width]: PatchGrid, similarity: readonly number[]): string {
  const data = Uint8Array.from(similarity.flatMap((value): Rgb => viridis((value + 1) / 2)));
  return pngUri({ width, height, data, channels: 3 });
}

const HIGHLIGHT: Rgb = [255, 122, 26];
// Of 255: what draws most attention still lets the image through.
const MOST_OPAQUE = 150;

/** A map over the patches, one pixel each, as a veil the denser the more attention, as a PNG data URI. */
export function attentionUri([height, width]: PatchGrid, attention: readonly number[]): string {
  const most = Math.max(...attention, Number.MIN_VALUE);
  const data = Uint8Array.from(attention.flatMap((value) => [...HIGHLIGHT, Math.round((MOST_OPAQUE * value) / most)]));
  return pngUri({ width, height, data, channels: 4 });
}

function pngUri(image: { width: number; height: number; data: Uint8Array; channels: number }): string {
  return `data:image/png;base64,${Buffer.from(encodePng(image)).toString('base64')}`;
}
