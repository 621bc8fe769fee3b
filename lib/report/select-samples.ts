/** What a model made of labelled images: for each the class, and (count, classes) probabilities. */
export interface LabelledPredictions {
  readonly labels: Int32Array;
  /** -1 where the model says NaN. */
  readonly predictions: Int32Array;
  readonly probabilities: Float32Array;
}

// A page with more pictures than these is slow to open and nobody looks at them all.
const MISTAKES_SHOWN = 36;
const UNCERTAIN_SHOWN = 24;
const RECOGNISED_SHOWN = 24;
const ATTENTION_SHOWN = 10;

/** Which images to show, as indices. */
export interface Selection {
  readonly errorCount: number;
  readonly mistakes: readonly number[];
  readonly uncertain: readonly number[];
  readonly recognised: readonly number[];
  /** One of each of the first classes, recognised if there is one. */
  readonly attention: readonly number[];
}

/** Chooses by the model's answers alone, so the same results give the same page. */
export function selectSamples({ labels, predictions, probabilities }: LabelledPredictions): Selection {
  const classes = labels.length === 0 ? 0 : probabilities.length / labels.length;
  const row = (i: number): Float32Array => probabilities.subarray(i * classes, (i + 1) * classes);
  const indices = [...labels.keys()];
  const errors = indices.filter((i) => labels[i] !== predictions[i]);
  const correct = indices.filter((i) => labels[i] === predictions[i]);
  const sureness = Float64Array.from(indices, (i) => row(i)[predictions[i]] ?? 0);
  const doubt = Float64Array.from(indices, (i) => (predictions[i] < 0 ? -1 : entropy(row(i))));
  const most = (of: readonly number[], by: Float64Array): number[] => [...of].sort((a, b) => by[b] - by[a] || a - b);
  return {
    errorCount: errors.length,
    mistakes: most(errors, sureness).slice(0, MISTAKES_SHOWN),
    uncertain: most(indices, doubt).slice(0, UNCERTAIN_SHOWN),
    recognised: inTurn(correct, labels).slice(0, RECOGNISED_SHOWN),
    attention: inTurn([...correct, ...errors], labels)
      .slice(0, new Set(labels).size)
      .slice(0, ATTENTION_SHOWN),
  };
}

/** Of the classes in turn: the first image of each, then the second of each, and so on. */
function inTurn(indices: readonly number[], labels: Int32Array): number[] {
  const before = new Map<number, number>();
  const placed = indices.map((index) => {
    const label = labels[index];
    const turn = before.get(label) ?? 0;
    before.set(label, turn + 1);
    return { index, label, turn };
  });
  return placed.sort((a, b) => a.turn - b.turn || a.label - b.label).map(({ index }) => index);
}

/** Of probabilities, in nats. */
function entropy(probabilities: Float32Array): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum -= p * Math.log(p);
  return sum;
}
