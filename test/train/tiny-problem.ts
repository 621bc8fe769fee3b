import { createHash } from 'node:crypto';
import { type data, manualSeed, type nn, ViT, type ViTConfig } from '../../lib/index.js';

/** Whether a pixel is bright in images of each class: stripes across, stripes down, squares, broad stripes across. */
const BRIGHT: readonly ((row: number, column: number) => boolean)[] = [
  (row) => row % 2 === 0,
  (_, column) => column % 2 === 0,
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 4 < 2,
];

/** Noisy 8 x 8 images of four textures. The same for the same count. */
export function textures(count: number): data.ArrayDataset {
  const images = new Float32Array(count * 64);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 4);
  let state = count;
  for (let at = 0; at < images.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes
    const bright = BRIGHT[Math.floor(at / 64) % 4]?.(Math.floor((at % 64) / 8), at % 8);
    images[at] = state / 2 ** 32 - 0.5 + (bright ? 0.5 : -0.5);
  }
  return { images, labels, count, shape: [1, 8, 8], numClasses: 4 };
}

/** A ViT small enough for tests, with weights that depend on the seed alone. */
export function tinyViT(overrides: Partial<ViTConfig> = {}, seed = 0): ViT {
  manualSeed(seed);
  const sizes = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 4, embedDim: 16, depth: 2, numHeads: 2 };
  return new ViT({ ...sizes, ...overrides });
}

/** A digest of all parameters' bits. */
export function parameterHash(model: nn.Module): string {
  const hash = createHash('sha256');
  for (const [name, parameter] of model.namedParameters()) hash.update(name).update(parameter.dataSync());
  return hash.digest('hex');
}
