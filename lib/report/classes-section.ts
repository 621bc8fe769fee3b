import type { Confusion } from './confusion.js';
import { formatCount, formatPercent } from './format.js';
import { type Html, html } from './html.js';
import type { ReportData } from './report-data.js';
import { numbersTable } from './table.js';

/** What the page's script draws of confusions; undefined without test images. */
export function confusionOf({ test, classNames }: ReportData): Confusion | undefined {
  if (test === null) return undefined;
  return {
    names: test.classes.map((_, c) => classNames[c] ?? String(c)),
    totals: test.classes.map(({ images }) => images),
    cells: test.confusion,
  };
}

const PAIRS_SHOWN = 10;

/** What is taken for what, and how each class fares. */
export function classesSection(data: ReportData): Html | null {
  const { test } = data;
  const confusion = confusionOf(data);
  if (test === null || confusion === undefined) return null;
  const { names, totals, cells } = confusion;
  const mistakes = cells.filter(([label, prediction]) => label !== prediction).sort((a, b) => b[2] - a[2]);
  const pairs = mistakes
    .slice(0, PAIRS_SHOWN)
    .map(([label, prediction, count]) => [
      `${names[label]} → ${names[prediction]}`,
      formatCount(count),
      formatPercent(count / totals[label]),
    ]);
  const rows = test.classes.map(({ images, precision, recall, f1 }, c) => [
    names[c],
    formatCount(images),
    ...[precision, recall, f1].map(formatPercent),
  ]);
  return html`<section>
<h2>Classes</h2>
<p>A row for each class of images, a column for each answer: the stronger the colour, the greater the share of the row. Right answers lie on
the diagonal. Point at a cell, or go there with the arrow keys, to read it.</p>
<div class="confusion">
<div class="matrix"><canvas id="confusion" tabindex="0" role="img" aria-label="${spoken(confusion)}" aria-describedby="confusion-cell"></canvas></div>
<p class="muted cell" id="confusion-cell" aria-live="polite">Row: what it is. Column: what it was taken for.</p>
</div>
<div class="columns">
${pairs.length === 0 ? null : html`<div><h3>Most often mistaken</h3>${numbersTable({ label: 'Most often mistaken', head: ['class → answer', 'images', 'of the class'], rows: pairs, names: 0 })}</div>`}
<div><h3>Each class</h3>${numbersTable({ label: 'Each class', head: ['class', 'images', 'precision', 'recall', 'F1'], rows, names: 0, sortable: true })}</div>
</div>
</section>`;
}

/** The matrix in a sentence. */
function spoken({ names, totals, cells }: Confusion): string {
  const images = totals.reduce((sum, count) => sum + count, 0);
  const right = cells.reduce((sum, [label, prediction, count]) => sum + (label === prediction ? count : 0), 0);
  return `Confusion matrix of ${names.length} classes: ${formatCount(right)} of ${formatCount(images)} images on the diagonal. The tables below tell the rest.`;
}
