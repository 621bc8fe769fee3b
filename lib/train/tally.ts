import { largestOf } from '../data/sets/dataset.js';
import type { Outcome } from './metric-set.js';
import { argmaxRows, Mean } from './metrics.js';

/** What a model said of a batch. */
export interface BatchAnswer {
  /** (N,classes) */
  readonly logits: ArrayLike<number>;
  /** (N,classes) */
  readonly probabilities: Float32Array;
  readonly loss: number;
}

/** An evaluation's answers, as they come in. */
export class Tally {
  readonly #count: number;
  readonly #takesSeveral: boolean;
  readonly #loss = new Mean();
  readonly #labels: Int32Array;
  readonly #predictions: Int32Array;
  #probabilities = new Float32Array(0);
  #targets: Float32Array | undefined;
  #classes = 0;
  #done = 0;

  /**
   * @param count images, or more where corrupt ones are passed over
   * @param takesSeveral whether rows of labels are a yes or no of each class
   */
  constructor(count: number, takesSeveral: boolean) {
    this.#count = count;
    this.#takesSeveral = takesSeveral;
    this.#labels = new Int32Array(count);
    this.#predictions = new Int32Array(count);
  }

  /** The mean, by what each batch counts. */
  get loss(): number {
    return this.#loss.value;
  }

  /** @param weight what the batch's loss counts in the mean */
  add(
    { labels, count }: { labels: Int32Array | Float32Array; count: number },
    answer: BatchAnswer,
    weight = count,
  ): void {
    const classes = answer.logits.length / count;
    const done = this.#done;
    if (done === 0) this.#probabilities = new Float32Array(this.#count * classes);
    this.#classes = classes;
    this.#loss.add(answer.loss, weight);
    this.#predictions.set(argmaxRows(answer.logits, classes), done);
    this.#probabilities.set(answer.probabilities, done * classes);
    if (labels instanceof Int32Array) this.#labels.set(labels, done);
    else this.#addRows(labels, count);
    this.#done += count;
  }

  #addRows(rows: Float32Array, count: number): void {
    const classes = this.#classes;
    for (let i = 0; i < count; i++) {
      this.#labels[this.#done + i] = largestOf(rows.subarray(i * classes, (i + 1) * classes));
    }
    if (!this.#takesSeveral) return;
    this.#targets ??= new Float32Array(this.#count * classes);
    this.#targets.set(rows, this.#done * classes);
  }

  /** All of them, in their order. */
  outcome(): Outcome {
    const classes = this.#classes;
    const images = <T extends Int32Array | Float32Array>(all: T, width: number): T =>
      this.#done === this.#count ? all : (all.slice(0, this.#done * width) as T); // a part of one kind is of that kind
    return {
      labels: images(this.#labels, 1),
      predictions: images(this.#predictions, 1),
      probabilities: images(this.#probabilities, classes),
      classes,
      ...(this.#targets && { targets: images(this.#targets, classes) }),
    };
  }
}
