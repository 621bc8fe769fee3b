import { type Gradients, needsGrad, record } from '../autograd.js';
import { checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { keptWeight } from '../kept-weight.js';
import { ACTIVATION, type Activation, native } from '../native.js';
import { currentPrecision } from '../precision.js';
import { empty, type Tensor } from '../tensor.js';
import { remakeOf } from './activation.js';
import { checkTensor, lastOf } from './check-tensor.js';

/** What `linear` does besides the product, in the same pass over the result. */
export interface LinearOptions {
  /** Applied after the bias. Default `'none'`. */
  activation?: Activation;
  /** Added last, of the result's shape. */
  residual?: Tensor;
}

/** @internal */
export const ACTIVATIONS: readonly Activation[] = ['none', 'gelu', 'gelu_tanh', 'relu', 'tanh', 'silu', 'quick_gelu'];

/** @internal */
export const LINEAR_OPTIONS: OptionNames<LinearOptions> = { activation: true, residual: true };

/**
 * act(x weight^T + bias) + residual.
 *
 * @param x (..., C)
 * @param weight (OC, C)
 * @param bias (OC), or undefined
 * @returns (..., OC)
 * @throws TypeError when the sizes do not go together
 * @see `torch.nn.functional.linear`
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor, options: LinearOptions = {}): Tensor {
  checkOptions(options, LINEAR_OPTIONS, 'linear');
  checkTensor(weight, 'linear weight', { rank: 2, letters: '(OC,C)' });
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  checkTensor(x, 'linear input', { minRank: 1, letters: '(...,C)' });
  if (lastOf(x.shape) !== inFeatures) throw expected(`${inFeatures} features in the last axis`, 'linear input', x);
  if (bias !== undefined) checkTensor(bias, 'linear bias', { shape: [outFeatures] });
  const kind = checkOneOf(options.activation ?? 'none', 'linear activation', ACTIVATIONS);
  const shape = [...x.shape.slice(0, -1), outFeatures];
  const { residual } = options;
  if (residual !== undefined) checkTensor(residual, 'linear residual', { shape });

  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const activation = ACTIVATION[kind];
  const bf16 = currentPrecision() === 'bf16';
  const y = empty(shape);
  const keeps = kind !== 'none' && needsGrad(x, weight, bias);
  const preactivation = keeps ? empty(shape) : undefined;
  const sizes = { rows, in: inFeatures, out: outFeatures };
  const kept = keptWeight(weight, [x, weight, bias, residual], sizes);
  native.linearForward({ y, preactivation, x, weight, bias, residual, kept, ...sizes, activation, bf16 });
  const saved = preactivation === undefined ? [x, weight] : [x, weight, preactivation];
  const remake = preactivation && residual === undefined ? remakeOf(kind, shape, 2) : undefined;
  const inputs = [x, weight, bias, residual];
  const rule = (dy: Tensor, grads: Gradients, kept: readonly Tensor[]): void => {
    const [savedX, savedWeight, savedPreactivation] = kept;
    if (grads.wants(3)) grads.pass(3, dy);
    if (!grads.wants(0) && !grads.wants(1) && !grads.wants(2)) return;
    const dx = grads.wants(0) ? grads.target(0) : undefined;
    const dweight = grads.wants(1) ? grads.target(1) : undefined;
    const dbias = grads.wants(2) ? grads.target(2) : undefined;
    const dpreactivation = savedPreactivation && empty(savedPreactivation.shape);
    native.linearBackward({
      dx: dx?.grad,
      dweight: dweight?.grad,
      dbias: dbias?.grad,
      dpreactivation,
      dy,
      x: savedX,
      weight: savedWeight,
      preactivation: savedPreactivation,
      ...sizes,
      activation,
      accumulateDx: dx?.accumulate ?? false,
      accumulateDweight: dweight?.accumulate ?? false,
      accumulateDbias: dbias?.accumulate ?? false,
      bf16,
    });
    dpreactivation?.dispose();
  };
  record('linear', y, inputs, saved, rule, remake);
  preactivation?.dispose();
  return y;
}
