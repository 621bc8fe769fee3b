import { formatCount, formatDuration, formatPercent } from './format.js';
import { type Html, html } from './html.js';
import type { ReportData, ReportFact } from './report-data.js';

/** The head of the page: what was trained, how well, how fast, and whether it goes on. */
export function overview(data: ReportData): Html {
  const { title, createdAt, result, history, test, state } = data;
  const accuracy = test?.accuracy ?? history[history.length - 1]?.testAccuracy;
  const images = test === null ? '' : `, ${formatCount(test.count)} images`;
  const figures: readonly ReportFact[] = [
    ...(accuracy === undefined ? [] : [{ name: `test accuracy${images}`, value: formatPercent(accuracy) }]),
    { name: 'training time', value: formatDuration(result.trainSeconds) },
    { name: 'images per second', value: formatCount(result.imagesPerSecond) },
    { name: 'parameters', value: formatCount(result.parameters) },
    { name: history.length === 1 ? 'epoch' : 'epochs', value: formatCount(history.length) },
  ];
  const date = createdAt.slice(0, 16).replace('T', ' ');
  return html`<header>
<p class="brand">vitrine</p>
<h1>${title}</h1>
<p class="muted"><time datetime="${createdAt}">${date} UTC</time>${state.kind === 'stopped' ? ' · stopped before the last epoch' : ''}</p>
${stateText(data)}
${keyFigures(figures)}
</header>`;
}

/** What is to be said of a training that goes on, or came to no end. */
function stateText({ state, history, createdAt }: ReportData): Html | null {
  const { kind, epochs, reloadSeconds = 0, message = '' } = state;
  if (kind === 'failed')
    return html`<p class="failed">Ended after ${history.length} of ${epochs} epochs: ${message}</p>`;
  if (kind !== 'live') return null;
  const left = epochs - history.length;
  const seconds = (history[history.length - 1]?.seconds ?? Number.NaN) * left;
  return html`<p class="live" id="live" data-updated="${createdAt}" data-reload="${reloadSeconds}">Training goes on: ${history.length} of ${epochs} epochs, about ${formatDuration(seconds)} left</p>`;
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
<div class="columns">${[settings, machine].filter((facts) => facts.length > 0).map(factsTable)}</div>
</section>`;
}

/** Facts as a table of two columns. */
export function factsTable(facts: readonly ReportFact[]): Html {
  const rows = facts.map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`);
  return html`<table class="facts"><tbody>${rows}</tbody></table>`;
}
