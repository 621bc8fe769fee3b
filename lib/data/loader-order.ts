import { checkInteger, expected, Text } from '../check.js';
import { checkGenerator } from '../ops/generator.js';
import { randint } from '../ops/random.js';
import { scope } from '../scope.js';
import { warnOnce } from '../warning.js';
import type { DataLoaderOptions } from './loader.js';
import type { Sampler } from './sets/balanced.js';
import { SampleStream } from './sets/stream.js';

/** What of a loader's options says in which order its items come. */

// As many as WebDataset's users take.
const BUFFER = 1000;

/** Among how many samples of a stream the next is drawn; 0 where it is not shuffled, and of other data sets. */
export function checkBuffer({ shuffle, shuffleBuffer, sampler }: DataLoaderOptions, dataset: unknown): number {
  if (!(dataset instanceof SampleStream)) {
    if (shuffleBuffer === undefined) return 0;
    throw expected('a stream', 'DataLoader shuffleBuffer', dataset, 'Other data sets are shuffled whole.');
  }
  if (sampler !== undefined) throw expected('a data set of known length', 'DataLoader sampler', new Text('a stream'));
  const buffer = checkInteger(shuffleBuffer ?? BUFFER, 'DataLoader shuffleBuffer', 1);
  if (shuffle !== true) return 0;
  if (shuffleBuffer === undefined) {
    warnOnce(
      `Expected a data set of known length to shuffle but received a stream: samples are drawn from ${BUFFER} at a time, unless shuffleBuffer says otherwise.`,
    );
  }
  return buffer;
}

/** The seed that is given, or drawn: all orders, and all draws for images, follow from it. */
export function seedOf({ seed, generator }: DataLoaderOptions): number {
  if (generator === undefined) return checkInteger(seed ?? 0, 'DataLoader seed');
  checkGenerator(generator, 'DataLoader');
  if (seed !== undefined) throw expected('a seed or a generator', 'DataLoader', new Text('both'));
  return scope(() => randint(0, 2 ** 31 - 1, [1], { generator }).itemSync());
}

/** Throws unless it is a function, and alone. */
export function checkSampler(sampler: unknown, shuffle: boolean): Sampler | undefined {
  if (sampler === undefined) return undefined;
  if (typeof sampler !== 'function') throw expected('a function of the epoch', 'DataLoader sampler', sampler);
  if (shuffle) throw expected('shuffle or a sampler', 'DataLoader', new Text('both'));
  return sampler as Sampler; // its results are checked
}
