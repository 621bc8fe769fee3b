import { chartFigure, pageDocument } from '../../lib/report/document.js';
import { type Html, html } from '../../lib/report/html.js';
import { factsTable, keyFigures } from '../../lib/report/overview.js';
import { foldedTable } from '../../lib/report/table.js';
import { throughputBars } from './bars.js';
import type { BenchReport, Sweep } from './report-data.js';
import { type RooflineDot, rooflineChart, rooflineDots } from './roofline.js';
import { embedChart, tokensChart } from './sweep-charts.js';

/** The benchmarks as one HTML page that needs nothing but itself. */
export function renderPage(report: BenchReport): string {
  const embed = report.embed.map(embedChart);
  const roofline = rooflineChart(report);
  const tokens = tokensChart(report.tokens);
  return pageDocument({
    title: 'vitrine benchmarks',
    header: header(report),
    main: [
      throughputSection(report),
      html`<section>
<h2>Patch embedding: naive against convolution</h2>
<p>The naive route unfolds the patches and multiplies; the other convolves. One size varies, the others are 224 pixels, patches of 16, width 768, batch 8.</p>
<div class="charts">${embed.map(chartFigure)}</div>
</section>`,
      html`<section>
<h2>Roofline</h2>
<p>Each kernel where its shapes put it: operations for each byte that it must move, and how many it does in a second. Beneath the slope memory is the limit, beneath the flat part arithmetic. A dot above the slope works in a cache.</p>
${chartFigure(roofline)}
${rooflineTable(rooflineDots(report))}
</section>`,
      html`<section>
<h2>Cost against tokens</h2>
<p>${tokensSentence(report.tokens)}</p>
${chartFigure(tokens)}
${tokensTable(report.tokens)}
</section>`,
      machineSection(report),
    ],
    data: () => ({ charts: [...embed, roofline, tokens], confusion: null }),
  });
}

function header({ setting, peaks: { fp32, bf16 }, bandwidth }: BenchReport): Html {
  return html`<header>
<p class="brand">vitrine</p>
<h1>Benchmarks</h1>
<p class="muted">${setting}</p>
${keyFigures([
  { name: 'GFLOP/s at best, fp32', value: fp32.toFixed(0) },
  ...(bf16 === null ? [] : [{ name: 'GFLOP/s at best, bf16', value: bf16.toFixed(0) }]),
  { name: 'GB/s of memory', value: bandwidth.toFixed(0) },
])}
</header>`;
}

function throughputSection(report: BenchReport): Html {
  return html`<section>
<h2>Throughput</h2>
<p>Images per second, medians; the contenders took turns, each in a process of its own.</p>
${throughputBars(report, 'train', 'Training: forward, backward and update')}
${throughputBars(report, 'infer', 'Inference')}
</section>`;
}

function machineSection({ machine, versions }: BenchReport): Html {
  const others = [...new Set(Object.values(versions))].filter((version) => !version.startsWith('vitrine'));
  const facts = [...machine, ...others.map((value) => ({ name: 'timed beside it', value }))];
  return html`<section>
<h2>Machine</h2>
${factsTable(facts)}
</section>`;
}

function rooflineTable(dots: readonly RooflineDot[]): Html {
  const rows = dots.map(({ mark, record, intensity, roofShare }) => [
    mark,
    record.case,
    intensity.toPrecision(3),
    record.gflops.toPrecision(3),
    `${(100 * roofShare).toFixed(0)}%`,
  ]);
  const head = ['dot', 'kernel', 'operations a byte', 'GFLOP/s', 'of the roof'];
  return foldedTable('The dots by number', { label: 'Kernels on the roofline', head, rows, names: 1 });
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
  const head = ['tokens', 'batch', 'ms', 'GFLOP/s', 'of the peak'];
  return foldedTable('The same as a table', { label: 'Cost against tokens', head, rows, names: 0 });
}
