import { Turns } from '../turns.js';

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

/** Chooses by the model's answers alone, so the same results give the same page; in turns of the event loop. */
export async function selectSamples({ labels, predictions, probabilities }: LabelledPredictions): Promise<Selection> {
  const turns = new Turns();
  const classes = labels.length === 0 ? 0 : probabilities.length / labels.length;
  const mistakes = new Greatest(MISTAKES_SHOWN);
  const uncertain = new Greatest(UNCERTAIN_SHOWN);
  const correct = new Map<number, number[]>();
  const wrong = new Map<number, number[]>();
  let errorCount = 0;
  for (let i = 0; i < labels.length; i++) {
    const [label, prediction] = [labels[i], predictions[i]];
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    uncertain.add(i, prediction < 0 ? -1 : entropy(row));
    if (label !== prediction) {
      errorCount++;
      mistakes.add(i, row[prediction] ?? 0);
    }
    addTo(label === prediction ? correct : wrong, label, i);
    await turns.pass();
  }
  const firsts = ascending(correct, wrong).map((label) => (correct.get(label) ?? wrong.get(label) ?? [])[0]);
  return {
    errorCount,
    mistakes: mistakes.indices,
    uncertain: uncertain.indices,
    recognised: inTurn(correct).slice(0, RECOGNISED_SHOWN),
    attention: firsts.slice(0, ATTENTION_SHOWN),
  };
}

/** The indices of the greatest values, the greatest first; of equal ones the first. */
class Greatest {
  readonly #kept: { index: number; value: number }[] = [];

  constructor(readonly most: number) {}

  /** To be called with ascending indices. */
  add(index: number, value: number): void {
    const kept = this.#kept;
    if (kept.length === this.most && !(value > kept[this.most - 1].value)) return;
    let place = kept.length;
    while (place > 0 && value > kept[place - 1].value) place--;
    kept.splice(place, 0, { index, value });
    if (kept.length > this.most) kept.pop();
  }

  get indices(): number[] {
    return this.#kept.map(({ index }) => index);
  }
}

/** Keeps as many images of a class as are ever shown. */
function addTo(ofClass: Map<number, number[]>, label: number, index: number): void {
  const members = ofClass.get(label);
  if (members === undefined) ofClass.set(label, [index]);
  else if (members.length < RECOGNISED_SHOWN) members.push(index);
}

function ascending(...maps: readonly Map<number, number[]>[]): number[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].sort((a, b) => a - b);
}

/** Of the classes in turn: the first image of each, then the second of each, and so on. */
function inTurn(ofClass: Map<number, number[]>): number[] {
  const labels = ascending(ofClass);
  return Array.from({ length: RECOGNISED_SHOWN }, (_, turn) =>
    labels.flatMap((label) => (ofClass.get(label) ?? []).slice(turn, turn + 1)),
  ).flat();
}

/** Of probabilities, in nats. */
function entropy(probabilities: Float32Array): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum -= p * Math.log(p);
  return sum;
}
