/** The index of the largest logit of each row. */
export function argmaxRows(logits: ArrayLike<number>, classes: number): Int32Array {
  const rows = classes === 0 ? 0 : logits.length / classes;
  const best = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let at = 0;
    for (let i = 1; i < classes; i++) {
      if ((logits[row * classes + i] as number) > (logits[row * classes + at] as number)) at = i; // inside the row
    }
    best[row] = at;
  }
  return best;
}

/** How many rows have their largest logit at the label. */
export function countCorrect(logits: ArrayLike<number>, labels: Int32Array, classes: number): number {
  const predicted = argmaxRows(logits, classes);
  return labels.reduce((count, label, row) => count + (predicted[row] === label ? 1 : 0), 0);
}

/** A mean of values that stand for different numbers of samples. */
export class Mean {
  #sum = 0;
  #weight = 0;

  add(value: number, weight: number): void {
    this.#sum += value * weight;
    this.#weight += weight;
  }

  /** NaN before the first value. */
  get value(): number {
    return this.#sum / this.#weight;
  }
}
