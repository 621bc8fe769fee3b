import { checkNumber } from '../check.js';
import { checkOptions } from '../check-options.js';
import { checkTensor } from '../ops/check-tensor.js';
import { checkGenerator, type RandomOptions } from '../ops/generator.js';
import { fillRandom, RANDOM_OPTIONS } from '../ops/random.js';
import { fill, type Tensor } from '../tensor.js';
import { callSynchronously } from '../thenable.js';

// Initialisers overwrite a tensor in place and give it back; those that draw take a generator. Counterpart: torch.nn.init.

let drawing = true;

/**
 * Runs `make` with every random draw left out: what modules made in it would draw is undefined, to be overwritten.
 *
 * @throws TypeError when `make` is asynchronous: what it makes after its first await would be drawn
 * @see `torch.nn.utils.skip_init`
 */
export function withoutInit<T>(make: () => T): T {
  const before = drawing;
  drawing = false;
  try {
    return callSynchronously(make, 'withoutInit');
  } finally {
    drawing = before;
  }
}

function draw(
  target: Tensor,
  distribution: 'normal' | 'truncatedNormal' | 'uniform',
  a: number,
  b: number,
  options: RandomOptions,
): Tensor {
  checkTensor(target, `init.${distribution}`); // other bits than a float32's would be drawn into it
  checkNumber(a, `init.${distribution}`);
  checkNumber(b, `init.${distribution}`, distribution === 'uniform' ? a : 0);
  checkOptions(options, RANDOM_OPTIONS, `init.${distribution}`);
  const generator = checkGenerator(options.generator, `init.${distribution}`);
  return drawing ? fillRandom(target, distribution, a, b, generator) : target;
}

/** Zeros. */
export function zeros(target: Tensor): Tensor {
  return constant(target, 0);
}

/** Ones. */
export function ones(target: Tensor): Tensor {
  return constant(target, 1);
}

/** One value. */
export function constant(target: Tensor, value: number): Tensor {
  return fill(checkTensor(target, 'init.constant', { dtype: target?.dtype }), value);
}

/**
 * Normal numbers of the given mean and standard deviation.
 *
 * @throws TypeError, as all that draw, for what is no float32 tensor and for a deviation below 0 or no number
 */
export function normal(target: Tensor, mean = 0, std = 1, options: RandomOptions = {}): Tensor {
  return draw(target, 'normal', mean, std, options);
}

/**
 * Normal numbers of the given mean and deviation, redrawn while beyond two deviations.
 * @see timm's `trunc_normal_tf_`
 */
export function truncatedNormal(target: Tensor, mean = 0, std = 1, options: RandomOptions = {}): Tensor {
  return draw(target, 'truncatedNormal', mean, std, options);
}

/** Uniform numbers in [low, high). */
export function uniform(target: Tensor, low = 0, high = 1, options: RandomOptions = {}): Tensor {
  return draw(target, 'uniform', low, high, options);
}

/** The number of inputs and outputs of one unit of a weight (out, in, ...receptive field). */
function fans(target: Tensor): { fanIn: number; fanOut: number } {
  const [out, ...rest] = checkTensor(target, 'init').shape;
  const fanIn = rest.reduce((product, size) => product * size, 1);
  const receptive = rest.slice(1).reduce((product, size) => product * size, 1);
  return { fanIn, fanOut: (out ?? 1) * receptive };
}

/**
 * Uniform in +-sqrt(6 / (fanIn + fanOut)).
 * @see Glorot and Bengio 2010
 * @see `xavier_uniform_`
 */
export function xavierUniform(target: Tensor, options: RandomOptions = {}): Tensor {
  const { fanIn, fanOut } = fans(target);
  const bound = Math.sqrt(6 / Math.max(1, fanIn + fanOut));
  return uniform(target, -bound, bound, options);
}

/**
 * Normal of deviation sqrt(2 / fanOut), for layers that a ReLU follows.
 * @see He et al. 2015
 * @see `kaiming_normal_(mode='fan_out', nonlinearity='relu')`
 */
export function kaimingNormal(target: Tensor, options: RandomOptions = {}): Tensor {
  return normal(target, 0, Math.sqrt(2 / Math.max(1, fans(target).fanOut)), options);
}

// The deviation of a standard normal that is cut off at two.
const TRUNCATED_STD = 0.87962566103423978;

/**
 * Truncated normal of deviation 1 / sqrt(fanIn).
 * @see LeCun et al. 1998
 * @see timm's `lecun_normal_`
 */
export function lecunNormal(target: Tensor, options: RandomOptions = {}): Tensor {
  return truncatedNormal(target, 0, 1 / Math.sqrt(Math.max(1, fans(target).fanIn)) / TRUNCATED_STD, options);
}

/** Uniform in +-1 / sqrt(fanIn), with which PyTorch's Linear and Conv2d begin (weights and biases alike). */
export function defaultUniform(
  target: Tensor,
  fanIn: number = fans(target).fanIn,
  options: RandomOptions = {},
): Tensor {
  checkNumber(fanIn, 'init.defaultUniform fanIn', 0);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform(target, -bound, bound, options);
}
