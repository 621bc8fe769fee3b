import { type Html, html } from '../../lib/report/html.js';
import type { BenchRecord } from '../record.js';
import { type BenchReport, byCase, contenderTitle } from './report-data.js';

/** Images per second as bars, a group a case. Each group has its own scale: the models differ by a factor of 100. */
export function throughputBars(report: BenchReport, suite: string, title: string): Html {
  return html`<h3>${title}</h3>
<div class="columns">${byCase(report.records, suite).map(group)}</div>`;
}

function group(records: readonly BenchRecord[]): Html {
  const most = Math.max(...records.map((record) => record.imagesPerSecond ?? 0));
  return html`<figure class="bars"><figcaption>${records[0]?.case ?? ''}</figcaption>
${records.map((record) => bar(record, most))}
</figure>`;
}

function bar(record: BenchRecord, most: number): Html {
  const speed = record.imagesPerSecond ?? 0;
  const width = most === 0 ? 0 : (100 * speed) / most;
  const kind = record.contender.startsWith('vitrine') ? 'own' : 'other';
  return html`<div class="row ${kind}"><span>${contenderTitle(record.contender)}</span><span class="track"><span class="bar" style="width:${width.toFixed(1)}%"></span></span><span class="figure">${figure(speed)}</span></div>`;
}

function figure(imagesPerSecond: number): string {
  return imagesPerSecond >= 100 ? imagesPerSecond.toFixed(0) : imagesPerSecond.toPrecision(3);
}

/** Goes with the report's style. */
export const BARS_STYLE = `
.bars { margin: 0 0 20px; break-inside: avoid; }
.bars figcaption { margin-bottom: 4px; }
.bars .row { display: grid; grid-template-columns: 7.5em 1fr 4.5em; gap: 10px; align-items: center; font-size: 14px; }
.bars .bar { display: block; height: 14px; border-radius: 2px; background: var(--line); }
.bars .own .bar { background: var(--train); }
.bars .other .bar { background: var(--muted); }
.bars .figure { text-align: right; font-variant-numeric: tabular-nums; }
td.name, th.name { text-align: left !important; }`;
