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
  return html`<figure class="bars"><figcaption class="bars-title">${records[0]?.case ?? ''}</figcaption>
${records.map((record) => bar(record, most))}
</figure>`;
}

function bar(record: BenchRecord, most: number): Html {
  const speed = record.imagesPerSecond ?? 0;
  const width = most === 0 ? 0 : (100 * speed) / most;
  const kind = record.contender.startsWith('vitrine') ? 'bar bar-own' : 'bar';
  return html`<div class="bar-row"><span>${contenderTitle(record.contender)}</span><span><span class="${kind}" style="width:${width.toFixed(1)}%"></span></span><span class="bar-figure">${figure(speed)}</span></div>`;
}

function figure(imagesPerSecond: number): string {
  return imagesPerSecond >= 100 ? imagesPerSecond.toFixed(0) : imagesPerSecond.toPrecision(3);
}
