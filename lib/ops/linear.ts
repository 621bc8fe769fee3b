import { needsGrad, record } from '../autograd.js';
import { checkOneOf, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { enqueueWhenRead } from '../deferred.js';
import { keptWeight, withInt8Weight } from '../kept-weight.js';
import { ACTIVATION, type Activation, native, type Operand } from '../native.js';
import { currentPrecision, productDtype } from '../precision.js';
import { type DType, empty, type Tensor } from '../tensor.js';
import { remakeOf } from './activation.js';
import { checkTensor, lastOf } from './check-tensor.js';
import { wide } from './wide.js';

/** What `linear` does besides the product, in the same pass over the result. */
export interface LinearOptions {
  /** Applied after the bias. Default `'none'`. */
  activation?: Activation;
  /** Added last, of the result's shape. */
  residual?: Tensor;
  /** Of the result: float32 or bfloat16. Default: the residual's, or under `autocast('bf16')` bfloat16, else float32. */
  dtype?: DType;
}

/** @internal */
export const ACTIVATIONS: readonly Activation[] = ['none', 'gelu', 'gelu_tanh', 'relu', 'tanh', 'silu', 'quick_gelu'];

/** @internal */
export const LINEAR_OPTIONS: OptionNames<LinearOptions> = { activation: true, residual: true, dtype: true };

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
  const dtype = resultDtype(options);
  const precision = currentPrecision();
  if (x.dtype === 'bfloat16' && precision === 'fp32' && weight.dtype === 'float32' && dtype === 'float32') {
    // As in matmul and convolutions, the weight is not rounded where products are float32.
    const whole = wide(x);
    const result = linear(whole, weight, bias, options);
    whole.dispose();
    return result;
  }
  const y = empty(shape, dtype);
  if (precision === 'int8' && weight.size > 0) {
    linearInt8({ y, x, weight, bias, residual }, { rows, in: inFeatures, out: outFeatures, activation });
    return y;
  }
  const bf16 = precision === 'bf16' || dtype === 'bfloat16' || x.dtype === 'bfloat16';
  const keeps = kind !== 'none' && needsGrad(x, weight, bias);
  const preactivation = keeps ? empty(shape, dtype) : undefined;
  const sizes = { rows, in: inFeatures, out: outFeatures };
  const kept = keptWeight(weight, [x, weight, bias, residual], sizes, bf16 ? 'bf16' : 'fp32');
  const operands = [x, weight, bias, residual];
  const multiply = (result: Operand, [a, b, shift, added]: readonly (Tensor | undefined)[]): void => {
    const read = { x: a as Tensor, weight: b as Tensor, bias: shift, residual: added, kept }; // as in `operands`
    native.linearForward({ y: result, preactivation, ...read, ...sizes, activation, bf16 });
  };
  if (preactivation === undefined && kept === undefined) enqueueWhenRead(y, operands, multiply);
  else multiply(y, operands);
  const saved = preactivation === undefined ? [x, weight] : [x, weight, preactivation];
  const remake = preactivation && residual === undefined ? remakeOf(kind, shape, 2) : undefined;
  const rule = gradientRule({ ...sizes, activation, bf16 });
  record('linear', y, operands, saved, rule, remake);
  preactivation?.dispose();
  return y;
}

/** What both directions of a call go by. */
interface Product {
  rows: number;
  in: number;
  out: number;
  activation: number;
  bf16: boolean;
}

/** The gradients of x, weight, bias and residual; saved are x, weight and, with an activation, the preactivation. */
function gradientRule(product: Product): Parameters<typeof record>[4] {
  return (dy, grads, [x, weight, preactivation]) => {
    if (grads.wants(3)) grads.pass(3, dy);
    if (!grads.wants(0) && !grads.wants(1) && !grads.wants(2)) return;
    const dx = grads.wants(0) ? grads.target(0) : undefined;
    const dweight = grads.wants(1) ? grads.target(1) : undefined;
    const dbias = grads.wants(2) ? grads.target(2) : undefined;
    const dpreactivation = preactivation && empty(preactivation.shape, preactivation.dtype);
    native.linearBackward({
      dx: dx?.grad,
      dweight: dweight?.grad,
      dbias: dbias?.grad,
      dpreactivation,
      dy,
      x,
      weight,
      preactivation,
      ...product,
      accumulateDx: dx?.accumulate ?? false,
      accumulateDweight: dweight?.accumulate ?? false,
      accumulateDbias: dbias?.accumulate ?? false,
    });
    dpreactivation?.dispose();
  };
}

function resultDtype({ dtype, residual }: LinearOptions): 'float32' | 'bfloat16' {
  const wanted = checkOneOf(dtype ?? residual?.dtype ?? productDtype(), 'linear dtype', ['float32', 'bfloat16']);
  if (residual !== undefined && residual.dtype !== wanted)
    throw expected(`a ${wanted} tensor`, 'linear residual', residual);
  return wanted;
}

/** Sums of so many products fit 32 bits. */
const MOST_INT8_FEATURES = 65_536;

interface Int8Operands {
  y: Tensor;
  x: Tensor;
  weight: Tensor;
  bias: Tensor | undefined;
  residual: Tensor | undefined;
}

/** The product in whole numbers of 8 bits, of which no gradient can be had. */
function linearInt8(
  { y, x, weight, bias, residual }: Int8Operands,
  sizes: { rows: number; in: number; out: number; activation: number },
): void {
  if (needsGrad(x, weight, bias, residual)) {
    const advice = "Call it inside noGrad(), or train with precision 'bf16'.";
    throw new Error(`Expected no gradient of linear in precision 'int8' but it would be recorded. ${advice}`);
  }
  if (sizes.in > MOST_INT8_FEATURES) {
    throw expected(`at most ${MOST_INT8_FEATURES} features in precision 'int8'`, 'linear input', x);
  }
  withInt8Weight(weight, sizes, (kept) => native.linearInt8({ y, x, kept, bias, residual, ...sizes }));
}
