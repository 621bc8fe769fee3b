import { expected } from '../../check.js';
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
  /** To be called when no more is asked for. */
  end?(): Promise<unknown>;
}

/** The items of a data set, in an order of its indices. */
export function itemsOf(dataset: Dataset, order: ArrayLike<number>, numClasses: number | undefined): EpochItems {
  const placed = (index: number, sample: Sample): PlacedSample => {
    const listed = dataset.labels?.[index];
    if (listed === undefined || listed === sample.label) return { index, sample };
    throw expected(`${listed}, as in the data set's labels,`, `the label of item ${index}`, sample.label);
  };
  return {
    length: order.length,
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
    at: async () => (await samples.next()).value as PlacedSample | undefined, // nothing is returned at the end
    end: () => samples.return(undefined),
  };
}
