import { type Ref, ref, requireShape, zeros } from './array.js';
import { expSum } from './softmax.js';

export interface CrossEntropyOptions {
  /** (C): a factor of each class's share; 1 by default. The mean is by those of the labels. */
  weight?: Ref | undefined;
  /** Mixes the target with 1/C; 0 by default. */
  labelSmoothing?: number | undefined;
  /** 'mean' by default, over the rows whose label is not ignored. */
  reduction?: 'mean' | 'sum' | 'none' | undefined;
  /** A label that leaves its row out; -100 by default, without meaning for probabilities. */
  ignoreIndex?: number | undefined;
}

interface Row {
  ignored: boolean;
  /** What it counts in the mean. */
  counts: number;
  /** (C): what the softmax should be. */
  wanted: Float64Array;
  logProbability: Float64Array;
}

function rowsOfLoss(logits: Ref, target: Ref, options: CrossEntropyOptions): Row[] {
  const { weight, labelSmoothing = 0, ignoreIndex = -100 } = options;
  const [N, C] = logits.shape;
  const soft = target.shape.length === 2;
  requireShape('target', target, soft ? [N, C] : [N]);
  return Array.from({ length: N }, (_, n) => {
    const row = logits.data.subarray(n * C, (n + 1) * C);
    const label = target.data[n];
    const ignored = !soft && label === ignoreIndex;
    if (!soft && !ignored && !(label >= 0 && label < C)) throw new RangeError(`No class ${label} among ${C}`);
    const { largest, total } = expSum(row);
    const wanted = row.map((_, c) => {
      const hard = soft ? target.data[n * C + c] : Number(c === label);
      return ((1 - labelSmoothing) * hard + labelSmoothing / C) * (weight?.data[c] ?? 1);
    });
    const counts = ignored ? 0 : soft ? 1 : (weight?.data[label] ?? 1);
    return { ignored, counts, wanted, logProbability: row.map((value) => value - largest - Math.log(total)) };
  });
}

const countsOf = (rows: readonly Row[]): number => rows.reduce((sum, { counts }) => sum + counts, 0);

/**
 * -sum(target log_softmax(logits)) a row, as F.cross_entropy: logits (N,C), target class indices (N) or probabilities
 * (N,C). 'none' gives (N), the others a scalar; the mean over no rows is NaN. Throws when a label is no class.
 */
export function crossEntropy(logits: Ref, target: Ref, options: CrossEntropyOptions = {}): Ref {
  const { reduction = 'mean' } = options;
  const rows = rowsOfLoss(logits, target, options);
  const losses = rows.map(({ ignored, wanted, logProbability }) =>
    ignored ? 0 : wanted.reduce((loss, t, c) => loss - t * logProbability[c], 0),
  );
  if (reduction === 'none') return ref([rows.length], losses);
  const total = losses.reduce((sum, loss) => sum + loss, 0);
  return ref([], [reduction === 'sum' ? total : total / countsOf(rows)]);
}

/** dlogits (N,C) = scale (softmax sum(target) - target); dy is a scalar, or (N) for 'none'. */
export function crossEntropyBackward(dy: Ref, logits: Ref, target: Ref, options: CrossEntropyOptions = {}): Ref {
  const { reduction = 'mean' } = options;
  const rows = rowsOfLoss(logits, target, options);
  const C = logits.shape[1];
  requireShape('dy', dy, reduction === 'none' ? [rows.length] : []);
  const counted = countsOf(rows);
  const dlogits = zeros(logits.shape);
  rows.forEach(({ ignored, wanted, logProbability }, n) => {
    if (ignored) return;
    const scale = reduction === 'none' ? dy.data[n] : reduction === 'sum' ? dy.data[0] : dy.data[0] / counted;
    const mass = wanted.reduce((sum, t) => sum + t, 0);
    for (let c = 0; c < C; c++) dlogits.data[n * C + c] = scale * (mass * Math.exp(logProbability[c]) - wanted[c]);
  });
  return dlogits;
}
