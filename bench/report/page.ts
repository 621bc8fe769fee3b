import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Html, html } from '../../lib/report/html.js';
import { STYLE } from '../../lib/report/style.js';
import { BARS_STYLE, throughputBars } from './bars.js';
import { chartFigure, chartsScript } from './chart.js';
import type { BenchReport, Sweep } from './report-data.js';
import { type RooflineDot, rooflineChart, rooflineDots } from './roofline.js';
import { embedChart, tokensChart } from './sweep-charts.js';

/**
 * The benchmarks as one HTML page that needs nothing but itself.
 *
 * @throws Error when the package uplot is not installed
 */
export function renderPage(report: BenchReport): string {
  const embed = report.embed.map(embedChart);
  const roofline = rooflineChart(report);
  const tokens = tokensChart(report.tokens);
  const style = new Html(`${asset('uPlot.min.css')}\n${STYLE}\n${BARS_STYLE}`);
  const { fp32, bf16 } = report.peaks;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="vitrine">
<title>vitrine benchmarks</title>
<style>${style}</style>
</head>
<body>
<header>
<p class="brand">vitrine</p>
<h1>Benchmarks</h1>
<p class="muted">${report.setting}</p>
<dl class="figures">
<div><dd>${fp32.toFixed(0)}</dd><dt>GFLOP/s at best, fp32</dt></div>
${bf16 === null ? null : html`<div><dd>${bf16.toFixed(0)}</dd><dt>GFLOP/s at best, bf16</dt></div>`}
<div><dd>${report.bandwidth.toFixed(0)}</dd><dt>GB/s of memory</dt></div>
</dl>
</header>
<main>
<section>
<h2>Throughput</h2>
<p>Images per second, medians; the contenders took turns, each in a process of its own.</p>
${throughputBars(report, 'train', 'Training: forward, backward and update')}
${throughputBars(report, 'infer', 'Inference')}
</section>
<section>
<h2>Patch embedding: naive against convolution</h2>
<p>The naive route unfolds the patches and multiplies; the other convolves. One size varies, the others are 224 pixels, patches of 16, width 768, batch 8.</p>
<div class="charts">${embed.map(chartFigure)}</div>
</section>
<section>
<h2>Roofline</h2>
<p>Each kernel where its shapes put it: operations for each byte that it must move, and how many it does in a second. Beneath the slope memory is the limit, beneath the flat part arithmetic. A dot above the slope works in a cache.</p>
${chartFigure(roofline)}
${rooflineTable(rooflineDots(report))}
</section>
<section>
<h2>Cost against tokens</h2>
<p>${tokensSentence(report.tokens)}</p>
${chartFigure(tokens)}
${tokensTable(report.tokens)}
</section>
<section>
<h2>Machine</h2>
<table class="facts"><tbody>${[
    ...report.machine,
    ...[...new Set(Object.values(report.versions))]
      .filter((version) => !version.startsWith('vitrine'))
      .map((value) => ({ name: 'timed beside it', value })),
  ].map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
</section>
</main>
${chartsScript([...embed, roofline, tokens], asset('uPlot.iife.min.js'))}
</body>
</html>
`.markup;
}

function rooflineTable(dots: readonly RooflineDot[]): Html {
  const rows = dots.map(({ mark, record, intensity, roofShare }) => [
    mark,
    record.case,
    intensity.toPrecision(3),
    record.gflops.toPrecision(3),
    `${(100 * roofShare).toFixed(0)}%`,
  ]);
  return numbers('The dots by number', ['', 'kernel', 'operations a byte', 'GFLOP/s', 'of the roof'], rows);
}

function tokensSentence({ points }: Sweep): string {
  const first = points[0]?.record;
  const exponent = first?.exponent;
  return `A training step of ${first?.model}, batch ${first?.batch}. Time grows as tokens to the power ${exponent?.toFixed(2) ?? '?'}: the linear layers cost in proportion, attention to the square.`;
}

function tokensTable({ points }: Sweep): Html {
  const rows = points.map(({ value, record }) => [
    String(value),
    `${record.batch} images`,
    record.medianMs.toPrecision(3),
    record.gflops.toPrecision(3),
    record.peakFraction === null ? '' : `${(100 * record.peakFraction).toFixed(0)}%`,
  ]);
  return numbers('The same as a table', ['tokens', 'batch', 'ms', 'GFLOP/s', 'of the peak'], rows);
}

function numbers(title: string, head: readonly string[], rows: readonly (readonly string[])[]): Html {
  return html`<details><summary>${title}</summary><div class="scroll"><table class="epochs">
<thead><tr>${head.map((cell, i) => html`<th${nameClass(i)}>${cell}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${nameClass(i)}>${cell}</td>`)}</tr>`)}</tbody>
</table></div></details>`;
}

/** The second column holds names. */
function nameClass(column: number): Html | null {
  return column === 1 ? new Html(' class="name"') : null;
}

function asset(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');
}
