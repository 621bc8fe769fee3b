import type { Grid } from '../../nn/resample.js';
import { resizePositions } from './position-resize.js';

/** Entries of a table of relative positions in a window. */
export function entriesOf([rows, columns]: Grid): number {
  return (2 * rows - 1) * (2 * columns - 1);
}

/** The side of the square window that a table of so many entries is of; undefined where there is none such. */
export function sideOf(entries: number): number | undefined {
  const side = (Math.sqrt(entries) + 1) / 2;
  return Number.isInteger(side) && side > 0 ? side : undefined;
}

/** How libraries fit tables of relative positions to windows of another size. */
export type BiasResize = 'timm' | 'bilinear';

/**
 * A table of relative positions for windows of another size, by Transformers bilinear. By timm, the old distances are taken to lie further apart the farther
 * they are, so that the nearest keep their places and the largest becomes the new largest; between them it is linear.
 *
 * @param table ((2h-1)(2w-1)+extra,heads), row-major
 * @param extra rows at the end that are of no distance, such as a class token's, kept as they are
 * @returns ((2h'-1)(2w'-1)+extra,heads)
 * @see timm's `resize_rel_pos_bias_table`, as it is without SciPy; Transformers' `BeitRelativePositionBias`
 */
export function resizeBiasTable(
  table: Float32Array,
  from: Grid,
  to: Grid,
  { extra = 0, method = 'timm' }: { extra?: number; method?: BiasResize } = {},
): Float32Array {
  const [rows, columns] = from.map((size) => 2 * size - 1) as [number, number]; // of a pair
  const heads = table.length / (rows * columns + extra);
  if (method === 'bilinear') return resizeBilinear(table, [rows, columns], to, heads);
  const [down, across] = [0, 1].map((axis) => placesOf(from[axis as 0 | 1], to[axis as 0 | 1])) as [Place[], Place[]]; // of a pair
  const resized = new Float32Array((down.length * across.length + extra) * heads);
  let next = 0;
  for (const y of down) {
    for (const x of across) {
      for (let head = 0; head < heads; head++) {
        const at = (i: number, j: number): number => table[((y.first + i) * columns + x.first + j) * heads + head] ?? 0;
        const above = (1 - x.share) * at(0, 0) + x.share * at(0, 1);
        const below = (1 - x.share) * at(1, 0) + x.share * at(1, 1);
        resized[next++] = (1 - y.share) * above + y.share * below;
      }
    }
  }
  resized.set(table.subarray(rows * columns * heads), next);
  return resized;
}

function resizeBilinear(table: Float32Array, from: Grid, to: Grid, heads: number): Float32Array {
  const distances = from[0] * from[1] * heads;
  const sizes = to.map((size) => 2 * size - 1) as [number, number]; // of a pair
  const resized = resizePositions(table.subarray(0, distances), 0, from, sizes, 'bilinear');
  return Float32Array.of(...resized, ...table.subarray(distances));
}

/** Between two old distances: the first's index, and the second's share. */
interface Place {
  readonly first: number;
  readonly share: number;
}

/** Where the new distances lie among the old ones. */
function placesOf(from: number, to: number): Place[] {
  const known = distancesOf(from, to);
  return Array.from({ length: 2 * to - 1 }, (_, i): Place => {
    const distance = i - (to - 1);
    const after = known.findIndex((place) => place >= distance);
    const second = after === -1 ? known.length - 1 : after;
    if (known.length === 1) return { first: 0, share: 0 };
    const first = Math.max(0, second - 1);
    const [left = 0, right = 1] = [known[first], known[first + 1]];
    return { first, share: Math.min(1, Math.max(0, (distance - left) / (right - left))) };
  });
}

/** The old distances on the new scale: a geometric progression whose sum is the new largest. */
function distancesOf(from: number, to: number): number[] {
  const [src, dst] = [from - 1, to - 1]; // timm's halves of both sizes, rounded down
  let [left, right, q] = [1.01, 1.5, 1.5];
  while (right - left > 1e-6) {
    q = (left + right) / 2;
    if ((1 - q ** src) / (1 - q) > dst) right = q;
    else left = q;
  }
  const positive: number[] = [];
  let distance = 1;
  for (let i = 0; i < src; i++) {
    positive.push(distance);
    distance += q ** (i + 1);
  }
  return [...[...positive].reverse().map((place) => -place), 0, ...positive];
}
