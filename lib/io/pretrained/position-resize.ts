import { bicubicMatrix, cubicWeight } from '../../nn/resample.js';

/**
 * How libraries fit position embeddings to another grid: timm antialiases, Hugging Face's Transformers does not,
 * Meta's DINOv2 adds 0.1 to the size, torchvision aligns corners, and Google's vit_jax and big_vision interpolate linearly with corners aligned.
 * `'bilinear'` is PyTorch's, for tables of relative positions.
 */
export type ResizeMethod =
  | 'bicubic-antialias'
  | 'bicubic-offset'
  | 'bicubic'
  | 'bicubic-corners'
  | 'bilinear'
  | 'bilinear-corners';

/** Rows and columns. */
type Grid = readonly [number, number];

/**
 * Position embeddings of one grid resampled for another.
 *
 * @param positions (prefix + rows * columns, width), row-major
 * @param prefix positions in front that belong to no patch, kept as they are
 * @returns (prefix + rows' * columns', width)
 * @see timm's `resample_abs_pos_embed`, torchvision's `interpolate_embeddings`, Transformers'
 *   `interpolate_pos_encoding`, big_vision's `resample_posemb`
 */
export function resizePositions(
  positions: Float32Array,
  prefix: number,
  from: Grid,
  to: Grid,
  method: ResizeMethod,
): Float32Array {
  const width = positions.length / (prefix + from[0] * from[1]);
  const head = prefix * width;
  const rows = resampleAxis(positions.subarray(head), 1, from[0], to[0], from[1] * width, method);
  const patches = resampleAxis(rows, to[0], from[1], to[1], width, method);
  const resized = new Float32Array(head + patches.length);
  resized.set(positions.subarray(0, head));
  resized.set(patches, head);
  return resized;
}

/** x (outer,from,inner) to (outer,to,inner). */
function resampleAxis(
  x: Float32Array,
  outer: number,
  from: number,
  to: number,
  inner: number,
  method: ResizeMethod,
): Float32Array {
  const weights = method === 'bicubic-antialias' ? bicubicMatrix(from, to) : matrixOf(from, to, method);
  const y = new Float32Array(outer * to * inner);
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < to; i++) {
      sums.fill(0);
      for (let j = 0; j < from; j++) {
        const weight = weights[i * from + j] ?? 0;
        if (weight === 0) continue;
        const at = (o * from + j) * inner;
        for (let k = 0; k < inner; k++) sums[k] = (sums[k] ?? 0) + weight * (x[at + k] ?? 0);
      }
      y.set(sums, (o * to + i) * inner);
    }
  }
  return y;
}

/** Interpolation as a matrix (to,from) whose rows sum to 1; what would lie outside repeats the edge. */
function matrixOf(from: number, to: number, method: Exclude<ResizeMethod, 'bicubic-antialias'>): Float64Array {
  const weights = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const scaled = method === 'bicubic-offset' ? to + 0.1 : to;
    const centred = method === 'bicubic' || method === 'bicubic-offset' || method === 'bilinear';
    const at = centred ? ((i + 0.5) * from) / scaled - 0.5 : to > 1 ? (i * (from - 1)) / (to - 1) : 0;
    const left = Math.floor(at);
    const taps = method === 'bilinear' || method === 'bilinear-corners' ? linear(at - left) : cubic(at - left);
    for (const [offset, weight] of taps) {
      const j = Math.min(from - 1, Math.max(0, left + offset));
      weights[i * from + j] = (weights[i * from + j] ?? 0) + weight;
    }
  }
  return weights;
}

type Taps = [offset: number, weight: number][];

function linear(t: number): Taps {
  return [
    [0, 1 - t],
    [1, t],
  ];
}

function cubic(t: number): Taps {
  return [-1, 0, 1, 2].map((offset) => [offset, cubicWeight(offset - t, -0.75)]);
}
