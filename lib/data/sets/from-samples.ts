import { expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import type { Dataset } from './dataset.js';
import { checkNames } from './label-values.js';
import { checkSample, type Sample } from './sample.js';
import { isIterable } from './stream.js';

/** Options of `fromSamples`. */
export interface SamplesOptions {
  /** The classes' names, by their numbers. Default: their numbers. */
  classes?: readonly string[];
}

const NAMES: OptionNames<SamplesOptions> = { classes: true };

/**
 * The samples of an array, or of an iterable or async iterable that comes to an end, as a data set: held in memory, as
 * paths or bytes, and read in any order.
 *
 * @throws TypeError for what is no sample, or none at all, labels of two kinds, or options that are unknown
 * @see `torch.utils.data.Dataset` of a list
 * @example
 * const train = await data.fromSamples([{ image: 'cat.jpg', label: 0 }, { image: 'dog.jpg', label: 1 }]);
 */
export async function fromSamples(
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  options: SamplesOptions = {},
): Promise<Dataset> {
  checkOptions(options, NAMES, 'fromSamples');
  if (!isIterable(samples)) throw expected('an iterable of { image, label }', 'fromSamples', samples);
  const given = options.classes === undefined ? undefined : checkNames(options.classes, 'fromSamples classes');
  const items: Sample[] = [];
  for await (const sample of samples) {
    items.push(checkSample(sample, given?.length, `sample ${items.length} of fromSamples`));
  }
  const [first] = items;
  if (first === undefined) throw expected('at least one sample', 'fromSamples', samples);
  const classes = given ?? numbersOf(items);
  const get = (index: number): Sample => items[index];
  if (typeof first.label === 'number') {
    const labels = Int32Array.from(items, ({ label }, i) => {
      if (typeof label === 'number') return label;
      throw expected('a class index, as the first one is,', `the label of sample ${i}`, label);
    });
    return { length: items.length, get, classes, labels };
  }
  for (const [i, { label }] of items.entries()) {
    if (typeof label !== 'number' && label.length === classes.length) continue;
    throw expected(
      `a Float32Array of ${classes.length} values, as the first one is,`,
      `the label of sample ${i}`,
      label,
    );
  }
  return { length: items.length, get, classes };
}

/** The classes' numbers as their names. */
function numbersOf(items: readonly Sample[]): string[] {
  const count = items.reduce(
    (most, { label }) => Math.max(most, typeof label === 'number' ? label + 1 : label.length),
    0,
  );
  return Array.from({ length: count }, (_, i) => String(i));
}
