import type { EpochRecord } from '../train/epoch-record.js';
import type { Chart, ChartSeries } from './chart.js';
import { chartFigure } from './document.js';
import { formatPercent } from './format.js';
import { type Html, html } from './html.js';
import type { ReportData } from './report-data.js';
import { foldedTable } from './table.js';

/** The places of the learning curves, and the same numbers as a table. */
export function learningCurves(data: ReportData): Html {
  const { history } = data;
  const rows = thinned(history, MOST_ROWS);
  if (history.length === 0) return html`<section><h2>Learning curves</h2><p>No epoch was completed.</p></section>`;
  return html`<section>
<h2>Learning curves</h2>
<div class="charts">
${curves(data).map(chartFigure)}
</div>
${foldedTable(rows.length < history.length ? `${rows.length} of the epochs as a table` : 'The epochs as a table', { label: 'Epochs', head: HEAD, rows: rows.map(row), names: 0 })}
</section>`;
}

const HEAD = ['epoch', 'train loss', 'train accuracy', 'test loss', 'test accuracy', 'learning rate', 'images/s'];

function row(record: EpochRecord): string[] {
  const loss = (value: number | undefined): string => value?.toFixed(4) ?? '';
  const accuracy = (value: number | undefined): string => (value === undefined ? '' : formatPercent(value));
  return [
    String(record.epoch + 1),
    loss(record.trainLoss),
    accuracy(record.trainAccuracy),
    loss(record.testLoss),
    accuracy(record.testAccuracy),
    record.learningRate.toPrecision(3),
    record.imagesPerSecond.toFixed(0),
  ];
}

// More rows nobody reads, and more points than pixels nobody sees; a page is made anew while the training goes on.
const MOST_ROWS = 300;
const MOST_POINTS = 2000;

/** So many of the records at most, evenly chosen, with the first and the last. */
function thinned(history: readonly EpochRecord[], most: number): readonly EpochRecord[] {
  if (history.length <= most) return history;
  return Array.from({ length: most }, (_, i) => history[Math.round((i * (history.length - 1)) / (most - 1))]);
}

/** The curves of the epochs; none without an epoch. */
export function curves(data: ReportData): Chart[] {
  const history = thinned(data.history, MOST_POINTS);
  if (history.length === 0) return [];
  // JSON has no NaN: a curve has a gap there.
  const column = (pick: (record: EpochRecord) => number | undefined, factor = 1): (number | null)[] =>
    history.map((record) => {
      const value = pick(record);
      return value === undefined || !Number.isFinite(value) ? null : factor * value;
    });
  const x = history.map(({ epoch }) => epoch + 1);
  const both = (train: (number | null)[], test: (number | null)[]): ChartSeries[] =>
    [
      { label: 'train', values: train, stroke: 'train', dash: true },
      { label: 'test', values: test, stroke: 'test' },
    ].filter(({ values }) => values.some((value) => value !== null));
  const losses = both(
    column(({ trainLoss }) => trainLoss),
    column(({ testLoss }) => testLoss),
  );
  const isLog = isWide(losses.flatMap(({ values }) => values.filter((value) => value !== null)));
  const accuracies = both(
    column(({ trainAccuracy }) => trainAccuracy, 100),
    column(({ testAccuracy }) => testAccuracy, 100),
  );
  const one = (label: string, values: (number | null)[]): ChartSeries[] => [{ label, values, stroke: 'text' }];
  const common = { x, xLabel: 'epoch', group: 'epoch' };
  return [
    {
      ...common,
      id: 'loss',
      title: isLog ? 'Loss, on a logarithmic scale' : 'Loss',
      ...(isLog && { yScale: 'log' }),
      series: losses,
    },
    { ...common, id: 'accuracy', title: 'Accuracy, per cent', yScale: 'percent', series: accuracies },
    {
      ...common,
      id: 'learning-rate',
      title: 'Learning rate',
      series: one(
        'learning rate',
        column(({ learningRate }) => learningRate),
      ),
    },
    {
      ...common,
      id: 'throughput',
      title: 'Images per second',
      series: one(
        'images/s',
        column(({ imagesPerSecond }) => imagesPerSecond),
      ),
    },
  ];
}

// Values that differ less are better read off a linear scale.
const WIDE = 5;

function isWide(values: readonly number[]): boolean {
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) > WIDE * least;
}
