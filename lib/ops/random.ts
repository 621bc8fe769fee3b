import { checkInteger, checkNumber, checkShape, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { DISTRIBUTION, native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { checkTensor } from './check-tensor.js';
import { lt } from './compare.js';
import { checkTensorOptions, type TensorOptions } from './creation.js';
import { checkGenerator, defaultGenerator, type Generator, type RandomOptions } from './generator.js';

/** Draws of random numbers, from the one generator that `manualSeed` seeds, or from one that is given. */

/** @internal What every function that draws takes. */
export const RANDOM_OPTIONS: OptionNames<RandomOptions> = { generator: true };

/** Options of `rand` and `randn`. */
export interface RandomTensorOptions extends TensorOptions, RandomOptions {}

const RANDOM_TENSOR_OPTIONS: OptionNames<RandomTensorOptions> = { dtype: true, requiresGrad: true, generator: true };

/**
 * Seeds the generator behind `randn`, `rand`, `randint`, dropout and the initialisers.
 *
 * @param seed a whole number up to 2^53 - 1. Without a call it is 0.
 */
export function manualSeed(seed: number): void {
  defaultGenerator().manualSeed(seed);
}

/** Where the generator stands, to resume from: `setRandomState(await randomState())`. */
export async function randomState(): Promise<number[]> {
  return defaultGenerator().state();
}

/** Puts the generator where `randomState` found it. */
export function setRandomState(numbers: readonly number[]): void {
  defaultGenerator().restore(numbers, 'the four numbers of randomState()', 'setRandomState');
}

/** @internal Overwrites a tensor with draws. */
export function fillRandom<T extends Tensor>(
  target: T,
  distribution: keyof typeof DISTRIBUTION,
  low: number,
  high: number,
  generator: Generator = defaultGenerator(),
): T {
  const state = generator.operand;
  native.randomFill({ y: target, state, count: target.size, distribution: DISTRIBUTION[distribution], low, high });
  target.storage.version++;
  return target;
}

/** Standard normal numbers. @see `torch.randn` */
export function randn(shape: readonly number[], options: RandomTensorOptions = {}): Tensor {
  return drawn(shape, options, 'randn', 'normal');
}

/** Uniform numbers in [0, 1). @see `torch.rand` */
export function rand(shape: readonly number[], options: RandomTensorOptions = {}): Tensor {
  return drawn(shape, options, 'rand', 'uniform');
}

function drawn(
  shape: readonly number[],
  options: RandomTensorOptions,
  where: string,
  distribution: 'normal' | 'uniform',
): Tensor {
  checkOptions(options, RANDOM_TENSOR_OPTIONS, where);
  const { generator, ...rest } = options;
  const { dtype, requiresGrad } = checkTensorOptions(rest, where, 'float32');
  if (dtype !== 'float32') throw expected("dtype 'float32'", where, dtype, 'See randint for whole numbers.');
  const from = checkGenerator(generator, where);
  const result = fillRandom(empty(checkShape(shape, where)), distribution, 0, 1, from);
  result.requiresGrad = requiresGrad;
  return result;
}

/**
 * Uniform whole numbers in [low, high), int32.
 *
 * @throws TypeError unless low < high, both within 32 bits
 * @see `torch.randint`
 */
export function randint(low: number, high: number, shape: readonly number[], options: RandomOptions = {}): Tensor {
  checkInteger(low, 'randint low', -(2 ** 31), 2 ** 31 - 2);
  checkInteger(high, 'randint high', low + 1, 2 ** 31 - 1);
  checkOptions(options, RANDOM_OPTIONS, 'randint');
  const from = checkGenerator(options.generator, 'randint');
  return fillRandom(empty(checkShape(shape, 'randint'), 'int32'), 'integer', low, high, from);
}

/**
 * 1 with the probability that the element of `x` is, else 0; float32 of x's shape, without a gradient.
 *
 * @param x probabilities. What is below 0 counts as 0, above 1 as 1, and NaN as 0: values are not looked at.
 * @see `torch.bernoulli`
 */
export function bernoulli(x: Tensor, options: RandomOptions = {}): Tensor<'float32'> {
  checkTensor(x, 'bernoulli input');
  checkOptions(options, RANDOM_OPTIONS, 'bernoulli');
  const uniform = rand(x.shape, options);
  const below = lt(uniform, x);
  const result = cast(below, 'float32');
  for (const spent of [uniform, below]) spent.dispose();
  return result;
}

/** @internal Checks a probability of dropping. */
export function checkDropProbability(p: unknown, where: string): number {
  return checkNumber(p, where, 0, 1);
}
