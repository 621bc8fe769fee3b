import type { EpochRecord } from '../train/epoch-record.js';
import { formatPercent } from './format.js';
import { Html, html, scriptJson } from './html.js';
import type { ReportData } from './report-data.js';

/** The learning curves, drawn by `curvesScript`, and the same numbers as a table. */
export function learningCurves({ history }: ReportData): Html {
  if (history.length === 0) return html`<section><h2>Learning curves</h2><p>No epoch was completed.</p></section>`;
  return html`<section>
<h2>Learning curves</h2>
<div class="charts">
<figure><figcaption>Loss, on a logarithmic scale</figcaption><div id="loss"></div></figure>
<figure><figcaption>Accuracy, per cent</figcaption><div id="accuracy"></div></figure>
<figure><figcaption>Learning rate</figcaption><div id="learning-rate"></div></figure>
</div>
<details><summary>The epochs as a table</summary><div class="scroll"><table class="epochs">
<thead><tr><th>epoch</th><th>train loss</th><th>train accuracy</th><th>test loss</th><th>test accuracy</th><th>learning rate</th><th>images/s</th></tr></thead>
<tbody>${history.map(row)}</tbody>
</table></div></details>
</section>`;
}

function row(record: EpochRecord): Html {
  const loss = (value: number | undefined): string => value?.toFixed(4) ?? '';
  const accuracy = (value: number | undefined): string => (value === undefined ? '' : formatPercent(value));
  const cells = [
    String(record.epoch + 1),
    loss(record.trainLoss),
    accuracy(record.trainAccuracy),
    loss(record.testLoss),
    accuracy(record.testAccuracy),
    record.learningRate.toPrecision(3),
    record.imagesPerSecond.toFixed(0),
  ];
  return html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
}

/** The script that draws the curves, given uPlot's source; empty without epochs. */
export function curvesScript({ history }: ReportData, uPlotSource: string): Html | null {
  if (history.length === 0) return null;
  const column = (pick: (record: EpochRecord) => number | undefined): (number | null)[] =>
    history.map((record) => pick(record) ?? null);
  const percent = (share: number | undefined): number | undefined => (share === undefined ? undefined : 100 * share);
  const data = {
    epoch: column((record) => record.epoch + 1),
    trainLoss: column((record) => record.trainLoss),
    testLoss: column((record) => record.testLoss),
    trainAccuracy: column((record) => percent(record.trainAccuracy)),
    testAccuracy: column((record) => percent(record.testAccuracy)),
    learningRate: column((record) => record.learningRate),
  };
  return html`<script>${new Html(uPlotSource)}</script>
<script type="application/json" id="history">${scriptJson(data)}</script>
<script>${new Html(DRAW)}</script>`;
}

// Runs in the browser. Charts are made anew when colours change: dark mode, or a page to be printed.
const DRAW = `(() => {
  const data = JSON.parse(document.getElementById('history').textContent);
  const root = document.documentElement;
  const sync = uPlot.sync('epoch');
  const digits = (value) => (value == null ? '' : String(Number(value.toPrecision(3))));
  const charts = [];
  const last = data.epoch.length - 1;

  const powersOfTen = (_, splits) => splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));

  function chart(id, lines, scale) {
    const colour = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
    const box = document.getElementById(id);
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
    const series = lines.map(({ label, values, stroke, dash }) => ({
      label, stroke: colour(stroke), dash, width: 2, points: { show: values.length < 3 }, value: (_, value) => digits(value),
    }));
    const size = () => ({ width: box.clientWidth, height: 240 });
    const plot = new uPlot({
      ...size(),
      cursor: { sync: { key: sync.key }, y: false, drag: { x: false, y: false } },
      scales: { x: { time: false }, y: scale },
      axes: [
        { ...axis, size: 32, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000] },
        { ...axis, size: 56, values: (_, splits) => splits.map(digits), ...(scale.distr === 3 && { filter: powersOfTen, grid: { ...axis.grid, filter: powersOfTen } }) },
      ],
      series: [{ label: 'epoch' }, ...series],
      // Away from the pointer, the legend tells the last epoch.
      hooks: { setLegend: [(plot) => { if (plot.legend.idx == null) plot.setLegend({ idx: last }, false); }] },
    }, [data.epoch, ...lines.map(({ values }) => values)], box);
    plot.setLegend({ idx: last }, false);
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(box);
    charts.push(() => { observer.disconnect(); plot.destroy(); });
  }

  function draw() {
    for (const remove of charts.splice(0)) remove();
    const present = (lines) => lines.filter(({ values }) => values.some((value) => value != null));
    const losses = present([
      { label: 'train', values: data.trainLoss, stroke: 'train', dash: [6, 4] },
      { label: 'test', values: data.testLoss, stroke: 'test' },
    ]);
    const positive = losses.flatMap(({ values }) => values).every((value) => value == null || value > 0);
    chart('loss', losses, positive ? { distr: 3 } : {});
    chart('accuracy', present([
      { label: 'train', values: data.trainAccuracy, stroke: 'train', dash: [6, 4] },
      { label: 'test', values: data.testAccuracy, stroke: 'test' },
    ]), { range: (_, low, high) => [Math.max(0, Math.floor((low - 3) / 10) * 10), Math.min(100, Math.ceil(high / 10) * 10)] });
    chart('learning-rate', [{ label: 'learning rate', values: data.learningRate, stroke: 'text' }], {});
  }

  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('beforeprint', () => { root.classList.add('print'); draw(); });
  addEventListener('afterprint', () => { root.classList.remove('print'); draw(); });
})();`;
