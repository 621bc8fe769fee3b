import { constant } from '../ops/constant.js';
import { matmul } from '../ops/matmul.js';
import { reshape } from '../ops/reshape.js';
import { autocast } from '../precision.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** Patches along (height, width). */
export type Grid = readonly [rows: number, columns: number];

/**
 * Keys' cubic kernel at a distance in points; `sharpness` is his a, -0.5 where PyTorch antialiases and -0.75 where it does
 * not. native/ops/image_filter.cpp has it again for bytes, with Pillow's rounding.
 * @see Keys 1981
 */
export function cubicWeight(distance: number, sharpness: number): number {
  const [x, a] = [Math.abs(distance), sharpness];
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/**
 * Antialiased bicubic interpolation from `from` points to `to` as a matrix (to,from); its rows sum to 1.
 * @see one axis of `torch.nn.functional.interpolate(mode='bicubic', antialias=True)`
 */
export function bicubicMatrix(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  const scale = from / to;
  const width = Math.max(scale, 1); // of the kernel, in points of the source
  for (let i = 0; i < to; i++) {
    const centre = scale * (i + 0.5);
    const first = Math.max(0, Math.floor(centre - 2 * width + 0.5));
    const end = Math.min(from, Math.floor(centre + 2 * width + 0.5));
    const row = Array.from({ length: end - first }, (_, j) => cubicWeight((first + j - centre + 0.5) / width, -0.5));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    for (const [j, weight] of row.entries()) weights[i * from + first + j] = weight / total;
  }
  return weights;
}

/** Sums of a table's rows: positions are float32, whatever products are, as PyTorch's autocast interpolates. */
const weighted = (weights: Tensor, table: Tensor): Tensor => autocast('fp32', () => matmul(weights, table));

/** The rows of a table (from,D) resampled to (to,D); gradients flow through. */
export function resampleRows(table: Tensor, to: number): Tensor {
  const [from] = table.shape as [number, number];
  if (from === to) return table;
  return scope(() => weighted(constant(bicubicMatrix(from, to), [to, from]), table));
}

/**
 * A table of patches (H*W,D) resampled to another grid, (H'*W',D); gradients flow through.
 * @see timm's `resample_abs_pos_embed` without prefix tokens
 */
export function resampleGrid(table: Tensor, from: Grid, to: Grid): Tensor {
  if (from[0] === to[0] && from[1] === to[1]) return table;
  const width = table.shape[1];
  return scope(() => {
    const rows = resampleRows(reshape(table, [from[0], from[1] * width]), to[0]);
    const columns = constant(bicubicMatrix(from[1], to[1]), [to[1], from[1]]);
    return reshape(weighted(columns, reshape(rows, [to[0], from[1], width])), [to[0] * to[1], width]);
  });
}
