import { alignColumns } from '../table.js';
import type { Limit, Prediction } from './prediction.js';
import type { PredictionRecord } from './run.js';

const MOST_LIMITS = 8;
const SHOWN = [16, 64];

const speedup = ({ oneThread, time }: Prediction): number => oneThread / time;
const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;

/** What a person reads of a case's predictions. */
export function predictionText(record: PredictionRecord): string {
  const rows = record.predictions.map((prediction) => [
    String(prediction.threads),
    (prediction.time / 1000).toFixed(2),
    speedup(prediction).toFixed(2),
    percent(speedup(prediction) / prediction.threads),
  ]);
  const first = record.predictions[0];
  const one = first === undefined ? [] : [['1', (first.oneThread / 1000).toFixed(2), '1.00', '100%']];
  const tables = [alignColumns([['threads', 'ms', 'times as fast', 'of ideal'], ...one, ...rows])];
  const shown = record.predictions.filter(({ threads }) => SHOWN.includes(threads));
  const traced = `from ${record.traces} traced ${record.traces === 1 ? 'step' : 'steps'} of one thread`;
  return [record.case, traced, ...tables, checked(record), ...shown.map(limitsText)].join('\n');
}

/** The prediction for two threads beside what they really took. */
function checked({ oneThreadMs, twoThreadsMs, predictions }: PredictionRecord): string {
  const [two] = predictions;
  if (twoThreadsMs === null || two === undefined) return 'not compared: the process may use one CPU only';
  const real = oneThreadMs / twoThreadsMs;
  const off = speedup(two) / real - 1;
  return [
    `one thread really takes ${oneThreadMs.toFixed(2)} ms, two ${twoThreadsMs.toFixed(2)}:`,
    `${real.toFixed(2)} times as fast, predicted ${speedup(two).toFixed(2)} (${off < 0 ? '' : '+'}${percent(off)})`,
  ].join(' ');
}

function limitsText({ threads, time, limits }: Prediction): string {
  const lost = limits.reduce((sum, limit) => sum + limit.lost, 0);
  const row = ({ name, count, lost: own }: Limit): string[] => [
    name,
    String(count),
    (own / 1000).toFixed(3),
    percent(own / lost),
  ];
  return [
    `what ${threads} threads lose, ${(lost / 1000).toFixed(2)} of ${(time / 1000).toFixed(2)} ms, most of it to:`,
    alignColumns([['', 'times', 'ms', 'share'], ...limits.slice(0, MOST_LIMITS).map(row)]),
  ].join('\n');
}
