import { fullAttention } from '../render/attention-scale.js';
import { type Rgb, viridis } from '../render/colour-map.js';
import { encodePng, encodePngAside, type PngImage } from '../render/png.js';
import { Turns } from '../turns.js';
import type { PatchGrid } from './report-data.js';

// Of a map's side in a mosaic, about: far enough apart that the eye does not join two maps.
const MAP_PIXELS = 24;
const GAP_PIXELS = 4;

/** For each patch a map over the patches, coloured from -1 to 1, in its place: a picture, as a PNG data URI. */
export async function similarityMosaic(
  [rows, columns]: PatchGrid,
  maps: readonly (readonly number[])[],
): Promise<string> {
  const turns = new Turns();
  const cell = Math.max(1, Math.round(MAP_PIXELS / Math.max(rows, columns)));
  const [mapHeight, mapWidth] = [rows * cell + GAP_PIXELS, columns * cell + GAP_PIXELS];
  const [height, width] = [rows * mapHeight - GAP_PIXELS, columns * mapWidth - GAP_PIXELS];
  const data = new Uint8Array(height * width * 4); // transparent
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [top, left] = [y % mapHeight, x % mapWidth];
      if (top >= rows * cell || left >= columns * cell) continue;
      const map = maps[Math.floor(y / mapHeight) * columns + Math.floor(x / mapWidth)];
      const value = map[Math.floor(top / cell) * columns + Math.floor(left / cell)];
      data.set([...viridis((value + 1) / 2), 255], (y * width + x) * 4);
    }
    await turns.pass();
  }
  return uriOf(await encodePngAside({ width, height, data, channels: 4 }));
}

const HIGHLIGHT: Rgb = [255, 122, 26];
// Of 255: what draws most attention still lets the image through.
const MOST_OPAQUE = 150;

/** A map over the patches, one pixel each, as a veil the denser the more attention, as a PNG data URI. */
export function attentionUri([height, width]: PatchGrid, attention: readonly number[]): string {
  const full = fullAttention(attention);
  const data = Uint8Array.from(attention.flatMap((value) => [...HIGHLIGHT, Math.round((MOST_OPAQUE * value) / full)]));
  return pngUri({ width, height, data, channels: 4 });
}

/** A picture as a PNG data URI. */
export function pngUri(image: PngImage): string {
  return uriOf(encodePng(image));
}

function uriOf(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`;
}
