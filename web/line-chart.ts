import uPlot from 'uplot';
import type { Chart, ChartSeries } from '../lib/report/chart.js';
import { numbersAtDots } from './dot-numbers.js';
import { colourOf, shortNumber } from './page-style.js';

const FONT = '12px system-ui, sans-serif';

type Splits = (number | null)[];

/** Draws a chart into its place on the page. @returns what takes it away again */
export function drawChart(chart: Chart, box: HTMLElement): () => void {
  const { x, series, height = 240 } = chart;
  const size = () => ({ width: box.clientWidth, height });
  const isScatter = series.some(({ marks }) => marks !== undefined);
  const last = x.length - 1;
  const plot = new uPlot(
    {
      ...size(),
      cursor: {
        ...(chart.group !== undefined && { sync: { key: chart.group } }),
        y: false,
        drag: { x: false, y: false },
      },
      scales: { x: xScale(chart), y: yScale(chart) },
      axes: [xAxis(chart, isScatter), yAxis(chart)],
      series: [
        { label: chart.xLabel, value: (_, value) => shortNumber(value) },
        ...series.map((line) => seriesOptions(line, chart)),
      ],
      hooks: {
        draw: [(drawn) => numbersAtDots(drawn, chart)],
        // Away from the pointer, the legend tells the last place.
        setLegend: [
          (drawn) => {
            if (drawn.legend.idx == null && !isScatter) drawn.setLegend({ idx: last }, false);
          },
        ],
      },
    },
    [[...x], ...series.map(({ values }) => [...values])],
    box,
  );
  if (!isScatter) plot.setLegend({ idx: last }, false);
  describe(plot, box);
  const observer = new ResizeObserver(() => plot.setSize(size()));
  observer.observe(box);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}

/** What the page says of the chart stands at its canvas; the legend repeats it, and is left out for who listens. */
function describe(plot: uPlot, box: HTMLElement): void {
  const { canvas } = plot.ctx;
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', box.dataset.description ?? '');
  plot.root.querySelector('.u-legend')?.setAttribute('aria-hidden', 'true');
}

function seriesOptions({ label, stroke, dash, marks, values }: ChartSeries, { namesX = false }: Chart): uPlot.Series {
  const colour = colourOf(stroke);
  const isShort = values.filter((value) => value !== null).length < 3;
  return {
    label,
    stroke: colour,
    width: 2,
    ...(dash === true && { dash: [6, 4] }),
    spanGaps: false,
    ...(marks !== undefined && { paths: () => null }),
    points: { show: marks !== undefined || namesX || isShort, size: 7, fill: colour },
    value: (_, value) => shortNumber(value),
  };
}

/** A logarithmic scale would reach to the next powers of ten; this one has as much room beside what it shows as is seemly. */
const LOGARITHMIC: uPlot.Scale = { distr: 3, range: (_, low, high) => [low / 1.2, high * 1.2] };

function xScale({ xScale: kind }: Chart): uPlot.Scale {
  return kind === 'log' ? { time: false, ...LOGARITHMIC } : { time: false };
}

function yScale({ yScale: kind }: Chart): uPlot.Scale {
  if (kind === 'log') return LOGARITHMIC;
  if (kind !== 'percent') return {};
  const tens = (value: number, round: (tenths: number) => number): number => 10 * round(value / 10);
  return {
    range: (_, low, high) => [Math.max(0, tens(low - 3, Math.floor)), Math.min(100, tens(high, Math.ceil))],
  };
}

function axis(): uPlot.Axis {
  return {
    stroke: colourOf('muted'),
    grid: { stroke: colourOf('line'), width: 1 },
    ticks: { show: false },
    font: FONT,
  };
}

function xAxis({ x, xScale, namesX }: Chart, isScatter: boolean): uPlot.Axis {
  const common: uPlot.Axis = { ...axis(), size: 32, values: (_, splits) => splits.map(shortNumber) };
  if (namesX === true) {
    return { ...common, splits: () => [...x], filter: (plot, splits) => withRoom(plot, splits) };
  }
  if (xScale === 'log') return { ...common, filter: (_, splits) => (isScatter ? telling(splits) : splits) };
  return { ...common, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000] };
}

function yAxis({ yScale: kind }: Chart): uPlot.Axis {
  const common: uPlot.Axis = { ...axis(), size: 56, values: (_, splits) => splits.map(shortNumber) };
  if (kind !== 'log') return common;
  const filter = (_: uPlot, splits: Splits): Splits => telling(splits);
  return { ...common, filter, grid: { stroke: colourOf('line'), width: 1, filter } };
}

/** Of the many splits of a logarithmic axis, those that begin with 1, and with 2 and 5 where there is room for them. */
function telling(splits: Splits): Splits {
  const present = splits.filter((value) => value !== null);
  const decades = Math.log10((present.at(-1) ?? 1) / (present[0] ?? 1));
  const firsts = decades > 3 ? /^1\.00e/ : /^[125]\.00e/;
  return splits.map((value) => (value !== null && firsts.test(value.toExponential(2)) ? value : null));
}

// A number of four digits, and a gap beside it.
const LABEL_PIXELS = 34;

/** The places far enough from the one before that their numbers do not meet. */
function withRoom(plot: uPlot, splits: Splits): Splits {
  let before = -Infinity;
  return splits.map((value) => {
    if (value === null) return null;
    const at = plot.valToPos(value, 'x');
    if (at - before < LABEL_PIXELS) return null;
    before = at;
    return value;
  });
}
