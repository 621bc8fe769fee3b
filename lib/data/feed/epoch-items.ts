import { expected, Text } from '../../check.js';
import { isThenable } from '../../thenable.js';
import { type Dataset, sampleAt } from '../sets/dataset.js';
import type { Sample } from '../sets/sample.js';
import type { PlacedSample, SampleStream, StreamOrder } from '../sets/stream.js';

/** The items of an epoch, in their order, asked for one after another. */
export interface EpochItems {
  /** How many there are; infinite where nobody knows. */
  readonly length: number;
  /** The item at a place; undefined behind the last one. A promise only where one must be waited for. */
  at(position: number): PlacedSample | Promise<PlacedSample | undefined>;
  /** Whether these are all that an epoch has: that none can be read is an error then. */
  readonly isEpoch: boolean;
  /** To be called when no more is asked for. */
  end?(): Promise<unknown>;
}

/**
 * The items of an epoch, in an order of a data set's indices.
 *
 * @param count how many items there were when the loader was made; a cache knows images by their indices
 * @throws TypeError for a data set that has become longer or shorter
 */
export function epochOf(
  dataset: Dataset,
  order: ArrayLike<number>,
  numClasses: number | undefined,
  count: number,
): EpochItems {
  if (dataset.length === count) return { ...itemsOf(dataset, order, numClasses), isEpoch: true };
  const advice = 'Make another DataLoader for a data set that has changed.';
  throw expected(`${count} items, as before,`, 'the data set', new Text(`${dataset.length}`), advice);
}

/** Some items of a data set, in an order of its indices. */
export function itemsOf(dataset: Dataset, order: ArrayLike<number>, numClasses: number | undefined): EpochItems {
  const placed = (index: number, sample: Sample): PlacedSample => {
    const listed = dataset.labels?.[index];
    if (listed === undefined || listed === sample.label) return { index, sample };
    throw expected(`${listed}, as in the data set's labels,`, `the label of item ${index}`, sample.label);
  };
  return {
    length: order.length,
    isEpoch: false,
    at: (position) => {
      const index = order[position];
      const sample = sampleAt(dataset, index, numClasses, 'the data set');
      return isThenable(sample) ? Promise.resolve(sample).then((value) => placed(index, value)) : placed(index, sample);
    },
  };
}

/** The samples of a stream. */
export function itemsOfStream(stream: SampleStream, order: StreamOrder): EpochItems {
  const samples = stream.samples(order);
  return {
    length: Infinity,
    isEpoch: true,
    at: async () => (await samples.next()).value as PlacedSample | undefined, // nothing is returned at the end
    end: () => samples.return(undefined),
  };
}
