import { map, type Ref, requireShape, rowsOf, zeros } from './array.js';
import { moments, standardizeBackward } from './standardize.js';

export interface LayerNormOptions {
  /** (C), 1 when absent. */
  weight?: Ref | undefined;
  /** (C), 0 when absent. */
  bias?: Ref | undefined;
  /** 1e-5 by default. */
  eps?: number | undefined;
  /** Added to x before it is normalised. */
  residual?: Ref | undefined;
}

export interface LayerNormResult {
  y: Ref;
  /** x + residual. */
  sum: Ref;
  /** One a row: x's shape without its last dimension. */
  mean: Ref;
  rstd: Ref;
}

function plus(x: Ref, residual: Ref | undefined): Ref {
  if (!residual) return x;
  requireShape('residual', residual, x.shape);
  return map(x, (value, i) => value + residual.data[i]);
}

/** Each row of x + residual (...,C) normalised, times weight plus bias, as F.layer_norm over the last dimension. */
export function layerNorm(x: Ref, { weight, bias, eps = 1e-5, residual }: LayerNormOptions = {}): LayerNormResult {
  const { rows, width: C } = rowsOf(x);
  const sum = plus(x, residual);
  const y = zeros(x.shape);
  const mean = zeros(x.shape.slice(0, -1));
  const rstd = zeros(x.shape.slice(0, -1));
  for (let r = 0; r < rows; r++) {
    const row = sum.data.subarray(r * C, (r + 1) * C);
    const of = moments(row, eps);
    for (let c = 0; c < C; c++) {
      const xhat = (row[c] - of.mean) * of.rstd;
      y.data[r * C + c] = xhat * (weight ? weight.data[c] : 1) + (bias ? bias.data[c] : 0);
    }
    mean.data[r] = of.mean;
    rstd.data[r] = of.rstd;
  }
  return { y, sum, mean, rstd };
}

export interface LayerNormGradients {
  dx: Ref;
  /** The same numbers as dx, whether or not there is a residual. */
  dresidual: Ref;
  /** What a weight would receive, and a bias. */
  dweight: Ref;
  dbias: Ref;
}

/** The gradients of {@link layerNorm}; dsum, when given, is what the output `sum` received. */
export function layerNormBackward(
  dy: Ref,
  x: Ref,
  { weight, eps = 1e-5, residual, dsum }: Omit<LayerNormOptions, 'bias'> & { dsum?: Ref | undefined } = {},
): LayerNormGradients {
  const { rows, width: C } = rowsOf(x);
  const sum = plus(x, residual);
  const dx = dsum ? map(dsum, (d) => d) : zeros(x.shape);
  const dweight = zeros([C]);
  const dbias = zeros([C]);
  for (let r = 0; r < rows; r++) {
    const row = sum.data.subarray(r * C, (r + 1) * C);
    const { mean, rstd } = moments(row, eps);
    const xhat = row.map((value) => (value - mean) * rstd);
    const dxhat = xhat.map((_, c) => dy.data[r * C + c] * (weight ? weight.data[c] : 1));
    const drow = standardizeBackward(dxhat, xhat, rstd);
    for (let c = 0; c < C; c++) {
      dx.data[r * C + c] += drow[c];
      dweight.data[c] += dy.data[r * C + c] * xhat[c];
      dbias.data[c] += dy.data[r * C + c];
    }
  }
  return { dx, dresidual: map(dx, (d) => d), dweight, dbias };
}
