import { checkNumber } from '../check.js';
import { checkOptions } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { add, mul } from './elementwise.js';
import { LAYER_NORM_OPTIONS, type LayerNormOptions, normalizedAxes } from './layer-norm.js';
import { mean } from './reduce.js';
import { reshape } from './reshape.js';
import { rsqrt } from './unary.js';
import { wide } from './wide.js';

/** The smallest step of float32 above 1, PyTorch's default. */
export const RMS_NORM_EPS = 2 ** -23;

/**
 * x / sqrt(mean(x^2) + eps) * weight over the last axis, or the last several.
 *
 * @param x (..., C)
 * @param weight of the last axes, as many as are normalised over, or undefined for ones
 * @param options `eps`, by default 2^-23, and `normalizedShape`
 * @returns of x's shape, float32
 * @throws TypeError when the sizes do not go together
 * @see Zhang and Sennrich 2019
 * @see `torch.nn.functional.rms_norm`
 */
export function rmsNorm(x: Tensor, weight?: Tensor, options: LayerNormOptions = {}): Tensor {
  checkOptions(options, LAYER_NORM_OPTIONS, 'rmsNorm');
  checkTensor(x, 'rmsNorm input', { minRank: 1, letters: '(...,C)' });
  const axes = normalizedAxes(x, weight, options.normalizedShape, 'rmsNorm');
  if (weight !== undefined) checkTensor(weight, 'rmsNorm weight', { shape: axes });
  const eps = checkNumber(options.eps ?? RMS_NORM_EPS, 'rmsNorm eps', 0);
  return scope(() => {
    const lead = x.shape.slice(0, x.rank - axes.length);
    const rows = reshape(wide(x), [...lead, axes.reduce((product, size) => product * size, 1)]);
    const scale = rsqrt(add(mean(mul(rows, rows), { dim: -1, keepDim: true }), eps));
    const normed = reshape(mul(rows, scale), x.shape);
    return weight === undefined ? normed : mul(normed, weight);
  });
}
