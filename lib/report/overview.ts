import { formatCount, formatDuration, formatPercent } from './format.js';
import { type Html, html } from './html.js';
import type { ReportData, ReportFact } from './report-data.js';

/** The head of the page: what was trained, how well, how fast. */
export function overview({ title, createdAt, result }: ReportData): Html {
  const figures: readonly ReportFact[] = [
    { name: `test accuracy, ${formatCount(result.testCount)} images`, value: formatPercent(result.testAccuracy) },
    { name: 'training time', value: formatDuration(result.trainSeconds) },
    { name: 'images per second', value: formatCount(result.imagesPerSecond) },
    { name: 'parameters', value: formatCount(result.parameters) },
    { name: result.epochs === 1 ? 'epoch' : 'epochs', value: formatCount(result.epochs) },
  ];
  const date = createdAt.slice(0, 16).replace('T', ' ');
  return html`<header>
<p class="brand">vitrine</p>
<h1>${title}</h1>
<p class="muted"><time datetime="${createdAt}">${date} UTC</time>${result.stopped ? ' · stopped before the last epoch' : ''}</p>
${keyFigures(figures)}
</header>`;
}

/** The figures that a reader looks for first. */
export function keyFigures(figures: readonly ReportFact[]): Html {
  const items = figures.map(
    ({ name, value }) =>
      html`<div class="figure"><dt class="figure-name">${name}</dt><dd class="figure-value">${value}</dd></div>`,
  );
  return html`<dl class="figures">${items}</dl>`;
}

/** The foot of the page: with which settings, on which machine. */
export function particulars({ settings, machine }: ReportData): Html {
  return html`<section>
<h2>Settings and machine</h2>
<div class="columns">${[settings, machine].map(factsTable)}</div>
</section>`;
}

/** Facts as a table of two columns. */
export function factsTable(facts: readonly ReportFact[]): Html {
  const rows = facts.map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`);
  return html`<table class="facts"><tbody>${rows}</tbody></table>`;
}
