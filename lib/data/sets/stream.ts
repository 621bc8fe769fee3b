import { expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { uniformOf } from '../shuffle.js';
import { checkNames } from './label-values.js';
import { checkSample, type Sample } from './sample.js';

/** Samples one after another, of unknown number; a function of the epoch gives those of each. */
export type SampleSource =
  | Iterable<Sample>
  | AsyncIterable<Sample>
  | ((epoch: number) => Iterable<Sample> | AsyncIterable<Sample>);

/** Options of `stream`. */
export interface StreamOptions {
  /** The classes' names, by their numbers. Default: unknown. */
  classes?: readonly string[];
}

const NAMES: OptionNames<StreamOptions> = { classes: true };

/** A sample and its place in the stream. */
export interface PlacedSample {
  readonly index: number;
  readonly sample: Sample;
}

/** How an epoch goes through a stream. */
export interface StreamOrder {
  readonly epoch: number;
  readonly seed: number;
  /** Samples among which the next is drawn; 0 for the stream's own order. */
  readonly buffer: number;
  /** Samples that are passed over. */
  readonly begin: number;
  readonly numClasses: number | undefined;
}

/** Samples whose number nobody knows: what `stream` makes of an iterable. @see `torch.utils.data.IterableDataset` */
export class SampleStream {
  #last: unknown;

  /** @internal Use `stream`. */
  constructor(
    /** What gives the samples. */
    readonly source: SampleSource,
    /** The classes' names, where they are known. */
    readonly classes: readonly string[] | undefined,
  ) {}

  /**
   * @internal The samples of an epoch.
   *
   * @throws TypeError for what is no sample, none at all, or an iterator that another epoch has used up
   */
  async *samples(order: StreamOrder): AsyncGenerator<PlacedSample> {
    const samples = order.buffer === 0 ? this.#inOrder(order) : shuffled(this.#inOrder(order), order);
    let passed = 0;
    for await (const sample of samples) if (passed++ >= order.begin) yield sample;
    if (passed > 0) return;
    const advice = 'A generator gives its samples once: hand over a function that makes one for each epoch.';
    throw expected('at least one sample', `epoch ${order.epoch} of the stream`, undefined, advice);
  }

  async *#inOrder({ epoch, numClasses }: StreamOrder): AsyncGenerator<PlacedSample> {
    const { source } = this;
    const iterable: unknown = typeof source === 'function' ? source(epoch) : source;
    if (!isIterable(iterable)) throw expected('an iterable', `epoch ${epoch} of the stream`, iterable);
    if (iterable === this.#last && isIterator(iterable)) {
      const advice = 'Hand over a function that makes a generator for each epoch.';
      throw expected('an iterable that begins anew', `epoch ${epoch} of the stream`, iterable, advice);
    }
    this.#last = iterable;
    let index = 0;
    for await (const sample of iterable) {
      yield { index, sample: checkSample(sample, numClasses, `sample ${index} of the stream`) };
      index++;
    }
  }
}

/**
 * Any iterable or async iterable of `{ image, label }` as a data set for `DataLoader`, which shuffles it within a buffer:
 * its length is not known. Samples may be made as they are asked for.
 *
 * @param source an iterable that begins anew each time, or a function of the epoch that gives one
 * @throws TypeError for what is none, or options that are unknown
 * @see `torch.utils.data.IterableDataset`
 * @example
 * const train = data.stream(async function* () {
 *   for await (const { url, label } of list) yield { image: await bytesOf(url), label };
 * });
 */
export function stream(source: SampleSource, options: StreamOptions = {}): SampleStream {
  checkOptions(options, NAMES, 'stream');
  const classes = options.classes === undefined ? undefined : checkNames(options.classes, 'stream classes');
  if (typeof source === 'function' || isIterable(source)) return new SampleStream(source, classes);
  throw expected('an iterable of { image, label }, or a function that gives one,', 'stream', source);
}

/** Whether a value can be gone through; strings can, but hold no samples. */
export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

/** Whether it is at an end once it was gone through. */
function isIterator(value: object): boolean {
  return 'next' in value && typeof value.next === 'function';
}

/** Each next one drawn from a buffer, whose place the stream fills. @see `webdataset.shuffle` */
async function* shuffled(samples: AsyncIterable<PlacedSample>, { seed, epoch, buffer }: StreamOrder) {
  const next = uniformOf(seed, epoch);
  const held: PlacedSample[] = [];
  for await (const sample of samples) {
    if (held.length < buffer) {
      held.push(sample);
      continue;
    }
    const drawn = Math.floor(next() * buffer);
    yield held[drawn];
    held[drawn] = sample;
  }
  while (held.length > 0) {
    const drawn = Math.floor(next() * held.length);
    yield held[drawn];
    held[drawn] = held[held.length - 1];
    held.pop();
  }
}
