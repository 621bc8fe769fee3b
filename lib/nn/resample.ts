import { matmul } from '../ops/matmul.js';
import { reshape } from '../ops/reshape.js';
import { scope } from '../scope.js';
import { constant, type Tensor } from '../tensor.js';

/** Patches along (height, width). */
export type Grid = readonly [rows: number, columns: number];

/** Keys' cubic kernel with a = -0.5, which PyTorch uses where it antialiases. Source: Keys 1981. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/**
 * Antialiased bicubic interpolation from `from` points to `to` as a matrix (to,from); its rows sum to 1.
 *
 * Counterpart: one axis of `torch.nn.functional.interpolate(mode='bicubic', antialias=True)`.
 */
export function bicubicMatrix(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  const scale = from / to;
  const width = Math.max(scale, 1); // of the kernel, in points of the source
  for (let i = 0; i < to; i++) {
    const centre = scale * (i + 0.5);
    const first = Math.max(0, Math.floor(centre - 2 * width + 0.5));
    const end = Math.min(from, Math.floor(centre + 2 * width + 0.5));
    const row = Array.from({ length: end - first }, (_, j) => cubic((first + j - centre + 0.5) / width));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    for (const [j, weight] of row.entries()) weights[i * from + first + j] = weight / total;
  }
  return weights;
}

/** The rows of a table (from,D) resampled to (to,D); gradients flow through. */
export function resampleRows(table: Tensor, to: number): Tensor {
  const [from] = table.shape as [number, number];
  if (from === to) return table;
  return scope(() => matmul(constant(bicubicMatrix(from, to), [to, from]), table));
}

/**
 * A table of patches (H*W,D) resampled to another grid, (H'*W',D); gradients flow through.
 *
 * Counterpart: timm's `resample_abs_pos_embed` without prefix tokens.
 */
export function resampleGrid(table: Tensor, from: Grid, to: Grid): Tensor {
  if (from[0] === to[0] && from[1] === to[1]) return table;
  const width = table.shape[1];
  return scope(() => {
    const rows = resampleRows(reshape(table, [from[0], from[1] * width]), to[0]);
    const columns = constant(bicubicMatrix(from[1], to[1]), [to[1], from[1]]);
    return reshape(matmul(columns, reshape(rows, [to[0], from[1], width])), [to[0] * to[1], width]);
  });
}
