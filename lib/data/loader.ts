import { checkBoolean, checkInteger } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { nextId } from '../identity.js';
import { tensor } from '../ops/creation.js';
import type { Tensor } from '../tensor.js';
import { checkBatchLabels, checkDataset } from './check-dataset.js';
import type { ArrayDataset } from './dataset.js';
import { orderOf } from './shuffle.js';

/** Images (N,C,H,W) and their labels (N), float32 and int32. */
export interface Batch {
  images: Tensor;
  labels: Tensor;
}

/** The same before it becomes tensors. */
export interface HostBatch {
  images: Float32Array;
  labels: Int32Array;
  count: number;
}

/** Options of `DataLoader`. */
export interface DataLoaderOptions {
  batchSize: number;
  /** Whether each epoch has its own random order. Default false. */
  shuffle?: boolean;
  /** Of the orders. Default 0. */
  seed?: number;
}

const NAMES: OptionNames<DataLoaderOptions> = { batchSize: true, shuffle: true, seed: true };

/**
 * A data set in batches. Each pass over it is an epoch, with its own order when shuffling; the last batch may be
 * smaller. Counterpart: `torch.utils.data.DataLoader`.
 *
 * @throws TypeError for a data set whose parts do not go together, or options that are unknown or out of range
 * @example
 * for (const { images, labels } of loader) { ... }
 */
export class DataLoader implements Iterable<Batch> {
  readonly #shuffle: boolean;
  readonly #seed: number;
  readonly dataset: ArrayDataset;
  readonly batchSize: number;
  /** A number of its own, by which deep equality tells loaders apart. */
  readonly id = nextId();
  /** Passes begun by iterating. */
  epoch = 0;

  constructor(dataset: ArrayDataset, options: DataLoaderOptions) {
    checkOptions(options, NAMES, 'DataLoader');
    this.dataset = checkDataset(dataset, 'the DataLoader');
    this.batchSize = checkInteger(options?.batchSize, 'DataLoader batchSize', 1);
    this.#shuffle = checkBoolean(options.shuffle ?? false, 'DataLoader shuffle');
    this.#seed = checkInteger(options.seed ?? 0, 'DataLoader seed');
  }

  /** Batches in an epoch. */
  get length(): number {
    return Math.ceil(this.dataset.count / this.batchSize);
  }

  /**
   * The batches of one epoch as plain arrays, from batch `from` on.
   *
   * @throws TypeError where the data set, changed since, is not sound any more
   */
  *hostBatches(epoch: number, from = 0): Generator<HostBatch> {
    const { images, labels, count, shape, numClasses } = checkDataset(this.dataset, 'the DataLoader');
    const pixels = shape[0] * shape[1] * shape[2];
    const order = this.#shuffle ? orderOf(count, this.#seed, epoch) : undefined;
    for (let start = from * this.batchSize; start < count; start += this.batchSize) {
      const size = Math.min(this.batchSize, count - start);
      const batch = { images: new Float32Array(size * pixels), labels: new Int32Array(size), count: size };
      for (let i = 0; i < size; i++) {
        const sample = order?.[start + i] ?? start + i;
        batch.images.set(images.subarray(sample * pixels, (sample + 1) * pixels), i * pixels);
        batch.labels[i] = labels[sample];
      }
      checkBatchLabels(batch.labels, numClasses, 'a batch');
      yield batch;
    }
  }

  *[Symbol.iterator](): Generator<Batch> {
    for (const { images, labels, count } of this.hostBatches(this.epoch++)) {
      yield { images: tensor(images, [count, ...this.dataset.shape]), labels: tensor(labels) };
    }
  }
}
