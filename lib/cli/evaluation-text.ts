import { printable } from '../check.js';
import { formatPercent } from '../report/format.js';
import type { Evaluation } from '../train/evaluate.js';
import type { MetricName, MetricValue } from '../train/metric-set.js';

/** What `vitrine eval` tells besides accuracy and loss. */
export const METRICS = [
  'top5',
  'precision',
  'recall',
  'f1',
  'auc',
  'precisionPerClass',
  'recallPerClass',
  'f1PerClass',
  'confusionMatrix',
] as const satisfies readonly MetricName[];

// A table of more classes tells nobody anything; JSON has them all.
const MOST_CLASSES = 30;
const MOST_NAME = 20;

/**
 * An evaluation as JSON, or as lines: the first one by itself is what one wants to know.
 *
 * @param isWeighted whether training weighted the loss by class, which this one is not
 */
export function evaluationText(
  { accuracy, loss, predictions, metrics = {} }: Evaluation,
  names: readonly string[] | undefined,
  { json, isWeighted }: { json: boolean; isWeighted: boolean },
): string {
  const count = predictions.length;
  const right = Math.round(accuracy * count);
  if (json) return JSON.stringify({ accuracy, loss, count, right, classes: names, metrics });
  const line = `Accuracy ${formatPercent(accuracy)} (${right} of ${count}), loss ${loss.toFixed(4)}${isWeighted ? ' (without --class-weights)' : ''}`;
  const number = (name: MetricName): number => Number(metrics[name]);
  const means = [
    `precision ${formatPercent(number('precision'))}`,
    `recall ${formatPercent(number('recall'))}`,
    `F1 ${formatPercent(number('f1'))}`,
    ...(Number.isNaN(number('auc')) ? [] : [`AUC ${number('auc').toFixed(4)}`]),
  ];
  const f1 = metrics.f1PerClass as readonly number[]; // one of each class
  const more = f1.length > 5 ? [`Top 5 ${formatPercent(number('top5'))}`] : [];
  const lines = [line, ...more, `Means over the classes: ${means.join(', ')}`];
  if (f1.length > MOST_CLASSES) return lines.join('\n');
  return [...lines, '', ...classTable(metrics, names)].join('\n');
}

/** A row for each class: how many images there are, the scores, and what it is taken for most often instead. */
function classTable(metrics: Readonly<Record<string, MetricValue>>, names: readonly string[] | undefined): string[] {
  const list = (name: MetricName): readonly number[] => metrics[name] as readonly number[]; // one of each class
  const matrix = metrics.confusionMatrix as readonly (readonly number[])[];
  const nameOf = (index: number): string => printable(names?.[index] ?? String(index)).slice(0, MOST_NAME);
  const [precision, recall, f1] = [list('precisionPerClass'), list('recallPerClass'), list('f1PerClass')];
  const width = Math.max(5, ...f1.map((_, index) => nameOf(index).length));
  const head = `${'class'.padEnd(width)}  images  precis.  recall      F1  taken for`;
  const rows = f1.map((value, index) => {
    const row = matrix[index] ?? [];
    const other = row.reduce((best, times, c) => (c !== index && times > (row[best] ?? 0) ? c : best), -1);
    const mistaken = other < 0 ? '' : `${nameOf(other)} (${row[other]})`;
    const cells = [
      String(row.reduce((sum, times) => sum + times, 0)).padStart(6),
      formatPercent(precision[index] ?? 0).padStart(7),
      formatPercent(recall[index] ?? 0).padStart(6),
      formatPercent(value).padStart(6),
    ];
    return `${nameOf(index).padEnd(width)}  ${cells.join('  ')}  ${mistaken}`.trimEnd();
  });
  return [head, ...rows];
}
