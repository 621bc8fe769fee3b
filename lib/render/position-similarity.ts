import { expected } from '../check.js';
import type { ViT } from '../nn/vit/vit.js';
import { checkModel } from './check-images.js';
import { viridis } from './colour-map.js';
import { cosineSimilarity } from './cosine-similarity.js';
import { enlarge, mosaic, paint, toPng } from './picture.js';

// Of the whole picture, about.
const PIXELS = 900;

/**
 * The cosine similarity of each patch's position embedding to those of all patches: a map for each, in its place.
 * Dark blue is -1, yellow 1.
 *
 * @returns a PNG file's bytes
 * @throws TypeError for a model without learned positions of each patch
 * @see Dosovitskiy et al. 2021, figure 7 (centre)
 */
export async function positionSimilarity(model: ViT): Promise<Uint8Array> {
  checkModel(model, 'render.positionSimilarity');
  const { posEmbed, grid } = model;
  if (posEmbed === undefined) {
    throw expected("a model with posEmbed: 'learned1d'", 'render.positionSimilarity', model.config.posEmbed);
  }
  const [, positions, width] = posEmbed.shape as readonly [number, number, number]; // (1,T,D)
  const [rows, columns] = grid;
  const patches = rows * columns;
  const table = (await posEmbed.data()).subarray((positions - patches) * width);
  const cell = Math.max(1, Math.floor(PIXELS / (columns * (columns + 1))));
  const maps = (await cosineSimilarity(table, patches, width)).map((similarity) => {
    const map = paint(columns, rows, (row, column) => viridis(((similarity[row * columns + column] ?? 0) + 1) / 2));
    return enlarge(map, cell);
  });
  return toPng(mosaic(maps, columns, Math.max(1, Math.round(cell / 2))));
}
