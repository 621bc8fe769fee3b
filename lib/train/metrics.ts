/** The prediction for a row with NaN in it. */
export const NO_CLASS = -1;

/** The index of the largest logit of each row; `NO_CLASS` where one is NaN. */
export function argmaxRows(logits: ArrayLike<number>, classes: number): Int32Array {
  const rows = classes === 0 ? 0 : logits.length / classes;
  const best = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let at = 0;
    let hasNaN = false;
    for (let i = 0; i < classes; i++) {
      const logit = logits[row * classes + i];
      if (Number.isNaN(logit)) hasNaN = true;
      else if (logit > logits[row * classes + at]) at = i;
    }
    best[row] = hasNaN ? NO_CLASS : at;
  }
  return best;
}

/** How many predictions are the label. */
export function countEqual(predictions: Int32Array, labels: Int32Array): number {
  let count = 0;
  for (let i = 0; i < predictions.length; i++) if (predictions[i] === labels[i]) count++;
  return count;
}

/** A mean of values that stand for different numbers of samples. */
export class Mean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight: number): void {
    if (weight === 0) return; // a batch whose classes do not count has no mean
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** The sum and the weight that the mean is made of. */
  get sums(): readonly [sum: number, weight: number] {
    return [this.#sum, this.#weight];
  }

  /** A mean with these sums. */
  static of([sum = 0, weight = 0]: readonly number[]): Mean {
    const mean = new Mean();
    mean.#sum = sum;
    mean.#weight = weight;
    return mean;
  }

  get isEmpty(): boolean {
    return this.#weight === 0;
  }

  /** NaN before the first value. */
  get value(): number {
    return this.#sum / this.#weight;
  }
}
