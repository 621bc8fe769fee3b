import { checkArray, checkNumber, expected } from '../check.js';
import { native } from '../native.js';
import { checkTensor } from '../ops/check-tensor.js';
import { empty, type Tensor } from '../tensor.js';

function withGradients(parameters: readonly Tensor[]): Tensor[] {
  checkArray(parameters, 'an array of parameters', 'clipping');
  const gradients = parameters.flatMap((parameter) => checkTensor(parameter, 'a parameter in clipping').grad ?? []);
  for (const gradient of gradients) {
    if (gradient.dtype !== 'float32') throw expected('a gradient of float32', 'clipping', gradient);
  }
  return gradients;
}

/** A gradient's norm, and what it takes to keep within a bound. */
export interface GradientNorm {
  /** One element: the L2 norm over all gradients. */
  norm: Tensor;
  /** One element: min(1, maxNorm / (norm + 1e-6)). */
  scale: Tensor;
}

function run(parameters: readonly Tensor[], maxNorm: number, apply: boolean): GradientNorm {
  checkNumber(maxNorm, 'maxNorm', 0);
  const gradients = withGradients(parameters);
  const norm = empty([]);
  const scale = empty([]);
  const counts = gradients.map((gradient) => gradient.size);
  native.gradientNorm({ norm, scale, gradients, counts, maxNorm, apply });
  return { norm, scale };
}

/**
 * The L2 norm over all gradients, and min(1, maxNorm / (norm + 1e-6)), by which an optimizer's `apply` multiplies.
 *
 * @returns two tensors of one element
 * @throws TypeError unless maxNorm is a number of at least 0
 * @see `torch.nn.utils.get_total_norm`
 */
export function gradientNorm(parameters: readonly Tensor[], maxNorm: number): GradientNorm {
  return run(parameters, maxNorm, false);
}

/**
 * Scales all gradients in place so that their L2 norm is at most `maxNorm`.
 *
 * @returns the norm before, one element
 * @throws TypeError unless maxNorm is a number of at least 0
 * @see Pascanu, Mikolov and Bengio 2013
 * @see `torch.nn.utils.clip_grad_norm_`
 */
export function clipGradNorm(parameters: readonly Tensor[], maxNorm: number): Tensor {
  const { norm, scale } = run(parameters, maxNorm, true);
  scale.dispose();
  return norm;
}

/**
 * Cuts every element of all gradients to [-clipValue, clipValue], in place.
 *
 * @throws TypeError unless clipValue is a number of at least 0
 * @see `torch.nn.utils.clip_grad_value_`
 */
export function clipGradValue(parameters: readonly Tensor[], clipValue: number): void {
  checkNumber(clipValue, 'clipValue', 0);
  const gradients = withGradients(parameters);
  const counts = gradients.map((gradient) => gradient.size);
  native.clampGradients({ gradients, counts, limit: clipValue });
  for (const { storage } of gradients) storage.version++;
}
