import { type Gradients, type Remake, record } from '../autograd.js';
import { checkOneOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { ACTIVATION, type Activation, native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** @internal An activation's result, again from its input, which is saved as number `from`. */
export function remakeOf(name: Activation, shape: readonly number[], from: number): Remake {
  return {
    from: [from],
    make: ([input]) => {
      const y = empty(shape, input.dtype);
      native.activationForward({ y, x: input, count: y.size, activation: ACTIVATION[name] });
      return y;
    },
  };
}

/** @internal An activation by its name. */
export function activate(x: Tensor, name: Exclude<Activation, 'none'>): Tensor {
  checkTensor(x, `${name} input`);
  const activation = ACTIVATION[name];
  const y = empty(x.shape, x.dtype);
  native.activationForward({ y, x, count: x.size, activation });
  const rule = (dy: Tensor, grads: Gradients, [input]: readonly Tensor[]): void => {
    const dx = empty(input.shape, input.dtype);
    native.activationBackward({ dx, dy, x: input, count: dx.size, activation });
    grads.pass(0, dx);
    dx.dispose();
  };
  return record(name, y, [x], [x], rule, remakeOf(name, x.shape, 0));
}

/** Options of `gelu`. */
export interface GELUOptions {
  /** Default `'none'`. */
  approximate?: 'none' | 'tanh';
}

/** @internal */
export const GELU_OPTIONS: OptionNames<GELUOptions> = { approximate: true };

/**
 * Gaussian error linear unit, element by element: x * Phi(x), or its tanh approximation.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see Hendrycks and Gimpel 2016
 * @see `torch.nn.functional.gelu`
 */
export function gelu(x: Tensor, options: GELUOptions = {}): Tensor {
  checkOptions(options, GELU_OPTIONS, 'gelu');
  const approximate = checkOneOf(options.approximate ?? 'none', 'gelu approximate', ['none', 'tanh']);
  return activate(x, approximate === 'tanh' ? 'gelu_tanh' : 'gelu');
}

/**
 * x * sigmoid(1.702 x), element by element: the approximation of gelu that CLIP was trained with.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see Hendrycks and Gimpel 2016
 * @see Transformers' `QuickGELUActivation`
 */
export function quickGelu(x: Tensor): Tensor {
  return activate(x, 'quick_gelu');
}

/**
 * Rectified linear unit, element by element: max(x, 0).
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.nn.functional.relu`
 */
export function relu(x: Tensor): Tensor {
  return activate(x, 'relu');
}

/**
 * Hyperbolic tangent, element by element.
 *
 * @throws TypeError unless `x` is a float32 tensor
 * @see `torch.tanh`
 */
export function tanh(x: Tensor): Tensor {
  return activate(x, 'tanh');
}
