import { type GradientRule, type Gradients, needsGrad, type Remake, recordAll } from '../autograd.js';
import { checkNumber, checkOneOf, checkShape, expected, shapeText, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { type DType, empty, fill, type Tensor } from '../tensor.js';
import { sumOf } from './binary.js';
import { checkTensor } from './check-tensor.js';

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5, as PyTorch's; ViTs use 1e-6. */
  eps?: number;
  /** The last axes' sizes, to normalise over all of them at once. Default: the weight's shape, or the last axis. */
  normalizedShape?: readonly number[];
}

/** @internal */
export const LAYER_NORM_OPTIONS: OptionNames<LayerNormOptions> = { eps: true, normalizedShape: true };

/** Options of `layerNorm` alone. */
export interface LayerNormResultOptions extends LayerNormOptions {
  /** Of the result: float32, or bfloat16 where a product is to read it. Default `'float32'`, under `autocast` too. */
  dtype?: 'float32' | 'bfloat16';
}

const RESULT_OPTIONS: OptionNames<LayerNormResultOptions> = { ...LAYER_NORM_OPTIONS, dtype: true };

/** @internal The sizes of the axes to normalise over: those given, as many as the weight has, or the last. */
export function normalizedAxes(
  x: Tensor,
  weight: Tensor | undefined,
  given: readonly number[] | undefined,
  where: string,
): readonly number[] {
  if (given === undefined) return x.shape.slice(-Math.max(1, weight?.rank ?? 1));
  const axes = checkShape(given, `${where} normalizedShape`);
  const last = x.shape.slice(-axes.length);
  if (axes.length === 0 || shapeText(last) !== shapeText(axes)) {
    throw expected(`the sizes of last axes of ${shapeText(x.shape)}`, `${where} normalizedShape`, given);
  }
  return axes;
}

/** What `addLayerNorm` gives. */
export interface AddLayerNormResult {
  /** x + residual, normalised; of the shape of x. */
  y: Tensor;
  /** x + residual; of the shape of x. */
  sum: Tensor;
}

interface Normalised {
  y: Tensor;
  sum: Tensor | undefined;
}

/** The op itself, with each row's mean and the reciprocal of its deviation. */
function forward(
  x: Tensor,
  residual: Tensor | undefined,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  rows: number,
  width: number,
  eps: number,
  dtype: DType,
): Normalised & { mean: Tensor; rstd: Tensor } {
  const y = empty(x.shape, dtype);
  const sum = residual && empty(x.shape);
  const mean = empty([rows]);
  const rstd = empty([rows]);
  native.layerNormForward({ y, sum, mean, rstd, x, residual, weight, bias, rows, width, eps });
  return { y, sum, mean, rstd };
}

function normalise(
  x: Tensor,
  residual: Tensor | undefined,
  weight: Tensor | undefined,
  bias: Tensor | undefined,
  options: LayerNormResultOptions,
): Normalised {
  checkTensor(x, 'layerNorm input', { minRank: 1, letters: '(...,C)' });
  const axes = normalizedAxes(x, weight ?? bias, options.normalizedShape, 'layerNorm');
  const width = sizeOf(axes);
  if (residual !== undefined) checkTensor(residual, 'layerNorm residual', { shape: x.shape });
  if (weight !== undefined) checkTensor(weight, 'layerNorm weight', { shape: axes });
  if (bias !== undefined) checkTensor(bias, 'layerNorm bias', { shape: axes });
  const eps = checkNumber(options.eps ?? 1e-5, 'layerNorm eps', 0);
  const dtype = checkOneOf(options.dtype ?? 'float32', 'layerNorm dtype', ['float32', 'bfloat16']);

  const rows = width === 0 ? 0 : x.size / width;
  const { y, sum, mean, rstd } = forward(x, residual, weight, bias, rows, width, eps, dtype);
  if (needsGrad(x, residual, weight, bias)) {
    const outputs = sum === undefined ? [y] : [y, sum];
    const saved = [
      sum ?? x,
      mean,
      rstd,
      ...(weight === undefined ? [] : [weight, ...(bias === undefined ? [] : [bias])]),
    ];
    const remake: Remake = {
      from: saved.map((_, i) => i),
      make: ([input, , , scale, shift]) => {
        const again = forward(input, undefined, scale, shift, rows, width, eps, dtype);
        again.mean.dispose();
        again.rstd.dispose();
        return again.y;
      },
    };
    const rule: GradientRule = ([dy, dsum], grads, kept) => propagate(dy, dsum, grads, kept, rows, width);
    const whole = weight !== undefined || bias === undefined; // else the bias is not saved
    recordAll('layerNorm', outputs, [x, residual, weight, bias], saved, rule, whole ? remake : undefined);
  }
  mean.dispose();
  rstd.dispose();
  return { y, sum };
}

function propagate(
  dy: Tensor | undefined,
  dsum: Tensor | undefined,
  grads: Gradients,
  [input, mean, rstd, weight]: readonly Tensor[],
  rows: number,
  width: number,
): void {
  const dNormalised = dy ?? fill(empty(input.shape), 0);
  const dweight = grads.wants(2) ? grads.target(2) : undefined;
  const dbias = grads.wants(3) ? grads.target(3) : undefined;
  // The gradient that reaches the input past the norm is added in the same pass: along the residual of this call, or
  // already waiting from another consumer of x.
  const only = !grads.wants(1) && grads.wants(0) && dsum === undefined ? grads.target(0) : undefined;
  const dx = only?.grad ?? empty(input.shape, input.dtype);
  const past = dsum ?? (only?.accumulate === true ? dx : undefined);
  if (dweight !== undefined && dbias !== undefined && dweight.accumulate !== dbias.accumulate) {
    // One flag serves both; bring the fresh one to zero and accumulate.
    fill((dweight.accumulate ? dbias : dweight).grad, 0);
  }
  native.layerNormBackward({
    dx,
    dweight: dweight?.grad,
    dbias: dbias?.grad,
    dy: dNormalised,
    x: input,
    mean,
    rstd,
    weight,
    dsum: past,
    rows,
    width,
    accumulate: (dweight?.accumulate ?? false) || (dbias?.accumulate ?? false),
  });
  if (only === undefined) {
    if (grads.wants(0)) grads.pass(0, dx);
    if (grads.wants(1)) grads.pass(1, dx);
    dx.dispose();
  }
  if (dy === undefined) dNormalised.dispose();
}

/**
 * Layer normalisation over the last axis, or the last several: (x - mean) / sqrt(variance + eps) * weight + bias.
 *
 * @param x (..., C)
 * @param weight (C), or of the axes to normalise over, or undefined for ones
 * @param bias of the weight's shape, or undefined for zeros
 * @throws TypeError when the sizes do not go together
 * @see Ba, Kiros and Hinton 2016
 * @see `torch.nn.functional.layer_norm`
 */
export function layerNorm(x: Tensor, weight?: Tensor, bias?: Tensor, options: LayerNormResultOptions = {}): Tensor {
  checkOptions(options, RESULT_OPTIONS, 'layerNorm');
  return normalise(x, undefined, weight, bias, options).y;
}

/**
 * `layerNorm(x + residual)` in one pass, with the sum itself, which a pre-norm block hands on. The sum has the dtype that
 * `add` gives it.
 *
 * @param x (..., C)
 * @param residual (..., C)
 * @returns `y`, normalised, and `sum` = x + residual, both (..., C)
 * @throws TypeError when the sizes do not go together
 * @see `torch.nn.functional.layer_norm`
 */
export function addLayerNorm(
  x: Tensor,
  residual: Tensor,
  weight?: Tensor,
  bias?: Tensor,
  options: LayerNormOptions = {},
): AddLayerNormResult {
  checkOptions(options, LAYER_NORM_OPTIONS, 'addLayerNorm');
  checkTensor(residual, 'layerNorm residual');
  if (x?.dtype === 'bfloat16' || residual.dtype === 'bfloat16') {
    checkTensor(x, 'layerNorm input', { shape: residual.shape });
    const added = sumOf(x, residual);
    return { y: normalise(added, undefined, weight, bias, options).y, sum: added };
  }
  const { y, sum } = normalise(x, residual, weight, bias, options);
  return { y, sum: sum as Tensor }; // there is a residual
}
