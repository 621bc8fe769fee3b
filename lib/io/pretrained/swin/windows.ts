import { checkPair } from '../../../check.js';
import type { Grid } from '../../../nn/resample.js';
import type { SwinConfig } from '../../../nn/swin/config.js';

type Sizes = Pick<SwinConfig, 'imgSize' | 'patchSize' | 'depths' | 'windowSize'>;

/** The grid of tokens of each stage. */
export function gridsOf({ imgSize, patchSize, depths }: Omit<Sizes, 'windowSize'>): Grid[] {
  const [image, patch] = [checkPair(imgSize, 'Swin imgSize', 1), checkPair(patchSize, 'Swin patchSize', 1)];
  let grid: Grid = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])];
  return depths.map((_, i) => {
    if (i > 0) grid = [Math.ceil(grid[0] / 2), Math.ceil(grid[1] / 2)];
    return grid;
  });
}

/** The windows of each stage: where a stage has fewer tokens, all of it is one. */
export function windowsOf(sizes: Sizes): Grid[] {
  const window = checkPair(sizes.windowSize, 'Swin windowSize', 1);
  return gridsOf(sizes).map((grid) => [Math.min(window[0], grid[0]), Math.min(window[1], grid[1])]);
}

/** The stages whose windows do not divide their grids, so that zeros complete them. */
export function paddedStages(sizes: Sizes): number[] {
  const windows = windowsOf(sizes);
  const padded = gridsOf(sizes).map((grid, i) =>
    [0, 1].some((axis) => grid[axis as 0 | 1] % (windows[i]?.[axis as 0 | 1] ?? 1) > 0),
  );
  return padded.flatMap((is, i) => (is ? [i] : []));
}
