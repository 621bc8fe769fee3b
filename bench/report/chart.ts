import { Html, html, scriptJson } from '../../lib/report/html.js';

/** A line, or dots, of a chart; null where it has no value. */
export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A colour of the style. */
  readonly stroke: string;
  readonly dash?: boolean;
  /** Numbers at the dots, for a series that is not a line. */
  readonly marks?: readonly (string | null)[];
}

/** A chart as the page's script draws it; both scales are logarithmic. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly series: readonly Series[];
}

/** The place of a chart on the page. */
export function chartFigure(chart: Chart): Html {
  return html`<figure><figcaption>${chart.title}</figcaption><div id="${chart.id}"></div></figure>`;
}

/** The script that draws charts, given uPlot's source. */
export function chartsScript(charts: readonly Chart[], uPlotSource: string): Html {
  return html`<script>${new Html(uPlotSource)}</script>
<script type="application/json" id="charts">${scriptJson(charts)}</script>
<script>${new Html(DRAW)}</script>`;
}

// Runs in the browser. Charts are made anew when colours change: dark mode, or a page to be printed.
const DRAW = `(() => {
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const root = document.documentElement;
  const digits = (value) => (value == null ? '' : String(Number(value.toPrecision(3))));
  const drawn = [];

  function chart({ id, xLabel, x, series }) {
    const colour = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
    const box = document.getElementById(id);
    const font = '12px system-ui, sans-serif';
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font };
    // Of the many splits of a logarithmic axis, only those that begin with 1, 2 or 5 are told.
    const told = (_, splits) => splits.map((value) => (value != null && /^[125]0*$/.test(value.toExponential()[0]) ? value : null));
    const scatter = series.some(({ marks }) => marks);
    const numbers = (plot) => {
      const { ctx } = plot;
      ctx.save();
      ctx.font = 11 * devicePixelRatio + 'px system-ui, sans-serif';
      series.forEach(({ values, marks, stroke }, i) => {
        if (!marks) return;
        ctx.fillStyle = colour(stroke);
        marks.forEach((mark, at) => {
          if (mark == null) return;
          ctx.fillText(mark, plot.valToPos(x[at], 'x', true) + 5 * devicePixelRatio, plot.valToPos(values[at], 'y', true) - 5 * devicePixelRatio);
        });
      });
      ctx.restore();
    };
    const lines = series.map(({ label, stroke, dash, marks }) => ({
      label, stroke: colour(stroke), width: 2, dash: dash ? [6, 4] : undefined, spanGaps: !marks,
      ...(marks && { paths: () => null }),
      points: { show: marks ? true : !scatter, size: 7, fill: colour(stroke) },
      value: (_, value) => digits(value),
    }));
    const size = () => ({ width: box.clientWidth, height: scatter ? 420 : 260 });
    const plot = new uPlot({
      ...size(),
      cursor: { y: false, drag: { x: false, y: false } },
      scales: { x: { time: false, distr: 3 }, y: { distr: 3 } },
      axes: [
        { ...axis, size: 32, splits: scatter ? undefined : () => x, values: (_, splits) => splits.map(scatter ? digits : String), filter: scatter ? told : (_, splits) => splits },
        { ...axis, size: 56, values: (_, splits) => splits.map(digits), filter: told },
      ],
      series: [{ label: xLabel, value: (_, value) => digits(value) }, ...lines],
      hooks: { draw: [numbers] },
    }, [x, ...series.map(({ values }) => values)], box);
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(box);
    drawn.push(() => { observer.disconnect(); plot.destroy(); });
  }

  function draw() {
    for (const remove of drawn.splice(0)) remove();
    charts.forEach(chart);
  }

  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('beforeprint', () => { root.classList.add('print'); draw(); });
  addEventListener('afterprint', () => { root.classList.remove('print'); draw(); });
})();`;
