import { checkPair, expected } from '../check.js';
import { evaluating } from '../nn/evaluating.js';
import type { ViT } from '../nn/vit/vit.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkImages } from './check-images.js';
import { toPng } from './picture.js';
import { scatter } from './scatter.js';

/**
 * How far each head looks: the distance in pixels from a patch to the patches that it attends to, weighted by how much
 * it does; the mean over patches and images.
 *
 * @param images (N,C,H,W), as the model takes them
 * @returns a row for each block, of a number for each head
 * @throws TypeError for images of another size than the model's own
 * @see Dosovitskiy et al. 2021, appendix D.7
 */
export async function attentionDistances(model: ViT, images: Tensor): Promise<number[][]> {
  checkImages(model, images, 'render.attentionDistances');
  const [height, width] = checkPair(model.config.imgSize, 'ViT imgSize', 1);
  if (images.shape[2] !== height || images.shape[3] !== width) {
    throw expected(`images of ${height} x ${width}`, 'render.attentionDistances', images);
  }
  const maps = evaluating(model, () => scope(() => model.attentionMaps(images)));
  const distances = patchDistances(model.grid, [height, width]);
  const layers: number[][] = [];
  for (const map of maps) {
    layers.push(meanDistances(await map.data(), map.shape, model.numPrefixTokens, distances));
    map.dispose();
  }
  return layers;
}

/**
 * `attentionDistances` as a chart: blocks from left to right, pixels upwards, a dot for each head.
 *
 * @returns a PNG file's bytes
 * @see Dosovitskiy et al. 2021, figure 7 (right)
 */
export async function attentionDistance(model: ViT, images: Tensor): Promise<Uint8Array> {
  const layers = await attentionDistances(model, images);
  return toPng(scatter(layers.flatMap((heads, layer) => heads.map((distance) => [layer, distance] as const))));
}

/** Between the middles of all pairs of patches, (L,L). */
function patchDistances([rows, columns]: readonly [number, number], image: readonly [number, number]): Float64Array {
  const patches = rows * columns;
  const distances = new Float64Array(patches * patches);
  for (let i = 0; i < patches; i++) {
    for (let j = 0; j < patches; j++) {
      const dy = (Math.floor(i / columns) - Math.floor(j / columns)) * (image[0] / rows);
      const dx = ((i % columns) - (j % columns)) * (image[1] / columns);
      distances[i * patches + j] = Math.hypot(dy, dx);
    }
  }
  return distances;
}

/** Of attention (N,H,T,T), for each head; prefix tokens are left out. */
function meanDistances(
  attention: ArrayLike<number>,
  shape: readonly number[],
  prefix: number,
  distances: Float64Array,
): number[] {
  const [images, heads, tokens] = shape as [number, number, number, number]; // (N,H,T,T)
  const patches = tokens - prefix;
  const sums = new Array<number>(heads).fill(0);
  for (let n = 0; n < images; n++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < patches; i++) {
        const row = ((n * heads + h) * tokens + prefix + i) * tokens + prefix;
        let [weighted, total] = [0, 0];
        for (let j = 0; j < patches; j++) {
          const weight = attention[row + j] ?? 0;
          weighted += weight * (distances[i * patches + j] ?? 0);
          total += weight;
        }
        sums[h] = (sums[h] ?? 0) + (total > 0 ? weighted / total : 0);
      }
    }
  }
  return sums.map((sum) => sum / (images * patches));
}
