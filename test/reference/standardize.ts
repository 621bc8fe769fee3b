/** The mean and 1 / sqrt(variance + eps) of `values`; the variance is the biased one, as in PyTorch's norms. */
export function moments(values: Float64Array, eps: number): { mean: number; rstd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, rstd: 1 / Math.sqrt(variance + eps) };
}

/** The gradient of x for xhat = (x - mean) rstd: rstd (dxhat - mean(dxhat) - xhat mean(dxhat xhat)). */
export function standardizeBackward(dxhat: Float64Array, xhat: Float64Array, rstd: number): Float64Array {
  const mean = dxhat.reduce((sum, d) => sum + d, 0) / dxhat.length;
  const slope = dxhat.reduce((sum, d, i) => sum + d * xhat[i], 0) / dxhat.length;
  return dxhat.map((d, i) => rstd * (d - mean - xhat[i] * slope));
}
