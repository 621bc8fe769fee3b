import { checkBoolean, checkInteger, expected, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { noteSite } from '../stream.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor, lastOf } from './check-tensor.js';
import { checkGenerator, type RandomOptions } from './generator.js';
import { RANDOM_OPTIONS } from './random.js';

/** Draws of whole numbers that hang together: an order, and classes by their weights. */

/**
 * The whole numbers from 0 to n - 1 in a random order, (n) int32.
 *
 * @throws TypeError unless n is a whole number of 31 bits
 * @see `torch.randperm`
 */
export function randperm(n: number, options: RandomOptions = {}): Tensor<'int32'> {
  const count = checkInteger(n, 'randperm', 0, 2 ** 31 - 1);
  checkOptions(options, RANDOM_OPTIONS, 'randperm');
  const generator = checkGenerator(options.generator, 'randperm');
  const y = empty([count], 'int32');
  native.randomPermutation({ y, state: generator.operand, count });
  return y;
}

/** Options of `multinomial`. */
export interface MultinomialOptions extends RandomOptions {
  /** Whether a class may be drawn again. Default false. */
  replacement?: boolean;
}

const MULTINOMIAL_OPTIONS: OptionNames<MultinomialOptions> = { ...RANDOM_OPTIONS, replacement: true };

/**
 * Classes, drawn with probabilities in proportion to their weights; in the order in which they were drawn.
 *
 * @param weights (classes) or (rows,classes), at least 0, which need not add up to 1
 * @param numSamples how many are drawn of each row
 * @returns (numSamples) or (rows,numSamples), int32, without a gradient
 * @throws TypeError for another rank, or more samples than classes without replacement. Weights that are negative or not
 *   finite, or too few above 0, are found on the stream: the next read rejects with a StreamError that names this call.
 * @see `torch.multinomial`
 */
export function multinomial(weights: Tensor, numSamples: number, options: MultinomialOptions = {}): Tensor<'int32'> {
  const where = 'multinomial';
  checkTensor(weights, `${where} weights`, { minRank: 1, letters: '(rows,classes)' });
  if (weights.rank > 2) throw expected('weights of one or two axes', where, weights);
  const samples = checkInteger(numSamples, `${where} numSamples`, 1);
  checkOptions(options, MULTINOMIAL_OPTIONS, where);
  const replacement = checkBoolean(options.replacement ?? false, `${where} replacement`);
  const generator = checkGenerator(options.generator, where);
  const classes = lastOf(weights.shape);
  if (classes === 0) throw expected('at least one class', `${where} weights`, weights);
  if (!replacement && samples > classes) {
    const received = new Text(`${samples}`);
    throw expected(`at most ${classes} samples, as there are classes,`, where, received, 'Or set replacement: true.');
  }
  const y = empty([...weights.shape.slice(0, -1), samples], 'int32');
  const sizes = { rows: weights.size / classes, classes, samples };
  native.multinomial({ y, state: generator.operand, x: weights, ...sizes, replacement, site: noteSite(where) });
  return y;
}
