import { fillRandom } from '../ops/random.js';
import { fill, type Tensor } from '../tensor.js';

// Initialisers overwrite a tensor in place and give it back. Counterpart: torch.nn.init.

/** Zeros. */
export function zeros(target: Tensor): Tensor {
  return fill(target, 0);
}

/** Ones. */
export function ones(target: Tensor): Tensor {
  return fill(target, 1);
}

/** One value. */
export function constant(target: Tensor, value: number): Tensor {
  return fill(target, value);
}

/** Normal numbers of the given mean and standard deviation. */
export function normal(target: Tensor, mean = 0, std = 1): Tensor {
  return fillRandom(target, 'normal', mean, std);
}

/** Uniform numbers in [low, high). */
export function uniform(target: Tensor, low = 0, high = 1): Tensor {
  return fillRandom(target, 'uniform', low, high);
}

/** The number of inputs and outputs of one unit of a weight (out, in, ...receptive field). */
function fans(target: Tensor): { fanIn: number; fanOut: number } {
  const [out, ...rest] = target.shape;
  const fanIn = rest.reduce((product, size) => product * size, 1);
  const receptive = rest.slice(1).reduce((product, size) => product * size, 1);
  return { fanIn, fanOut: (out ?? 1) * receptive };
}

/** Uniform in +-sqrt(6 / (fanIn + fanOut)). Source: Glorot and Bengio 2010. Counterpart: `xavier_uniform_`. */
export function xavierUniform(target: Tensor): Tensor {
  const { fanIn, fanOut } = fans(target);
  const bound = Math.sqrt(6 / Math.max(1, fanIn + fanOut));
  return uniform(target, -bound, bound);
}

/** Uniform in +-1 / sqrt(fanIn), with which PyTorch's Linear and Conv2d begin (weights and biases alike). */
export function defaultUniform(target: Tensor, fanIn: number = fans(target).fanIn): Tensor {
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform(target, -bound, bound);
}
