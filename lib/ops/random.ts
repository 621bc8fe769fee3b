import { checkArray, checkInteger, checkNumber, checkShape, expected } from '../check.js';
import { DISTRIBUTION, native } from '../native.js';
import { untracked } from '../scope.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensorOptions, type TensorOptions } from './creation.js';

/**
 * Random numbers from one counter-based generator (Philox 4x32-10, Salmon et al. 2011), seeded by `manualSeed`. The
 * n-th number drawn is a function of the seed and n alone: the same on any number of threads. Its state lives in native
 * memory and advances on the stream, so a replayed step draws new numbers.
 */
let state: Tensor | undefined;

/** @internal The generator's state, as an op's operand: two 64-bit numbers, the seed and how many were drawn. */
export function generatorState(): Tensor {
  state ??= untracked(() => empty([4], 'int32').set([0, 0, 0, 0]));
  return state;
}

/**
 * Seeds the generator behind `randn`, `rand`, `randint`, dropout and the initialisers.
 *
 * @param seed a whole number up to 2^53 - 1. Without a call it is 0.
 */
export function manualSeed(seed: number): void {
  checkInteger(seed, 'manualSeed');
  generatorState().set([seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 0]);
}

/** Where the generator stands, to resume from: `setRandomState(await randomState())`. */
export async function randomState(): Promise<number[]> {
  return [...(await generatorState().data())];
}

/** Puts the generator where `randomState` found it. */
export function setRandomState(numbers: readonly number[]): void {
  if (checkArray(numbers, 'the four numbers of randomState()', 'setRandomState').length !== 4)
    throw expected('the four numbers of randomState()', 'setRandomState', numbers);
  generatorState().set(numbers);
}

/** @internal Overwrites a tensor with draws. */
export function fillRandom(target: Tensor, distribution: keyof typeof DISTRIBUTION, low: number, high: number): Tensor {
  const state = generatorState();
  native.randomFill({ y: target, state, count: target.size, distribution: DISTRIBUTION[distribution], low, high });
  target.storage.version++;
  return target;
}

/** Standard normal numbers. Counterpart: `torch.randn`. */
export function randn(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return drawn(shape, options, 'randn', 'normal');
}

/** Uniform numbers in [0, 1). Counterpart: `torch.rand`. */
export function rand(shape: readonly number[], options: TensorOptions = {}): Tensor {
  return drawn(shape, options, 'rand', 'uniform');
}

function drawn(
  shape: readonly number[],
  options: TensorOptions,
  where: string,
  distribution: 'normal' | 'uniform',
): Tensor {
  const { dtype, requiresGrad } = checkTensorOptions(options, where, 'float32');
  if (dtype !== 'float32') throw expected("dtype 'float32'", where, dtype, 'See randint for whole numbers.');
  const result = fillRandom(empty(checkShape(shape, where)), distribution, 0, 1);
  result.requiresGrad = requiresGrad;
  return result;
}

/**
 * Uniform whole numbers in [low, high), int32.
 *
 * @throws TypeError unless low < high, both within 32 bits
 * Counterpart: `torch.randint`.
 */
export function randint(low: number, high: number, shape: readonly number[]): Tensor {
  checkInteger(low, 'randint low', -(2 ** 31), 2 ** 31 - 2);
  checkInteger(high, 'randint high', low + 1, 2 ** 31 - 1);
  return fillRandom(empty(checkShape(shape, 'randint'), 'int32'), 'integer', low, high);
}

/** @internal Checks a probability of dropping. */
export function checkDropProbability(p: unknown, where: string): number {
  return checkNumber(p, where, 0, 1);
}
