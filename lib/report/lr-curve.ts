import type { LrFinding } from '../train/find-lr.js';
import type { Chart } from './chart.js';
import { chartFigure, pageDocument } from './document.js';
import { html } from './html.js';

const TITLE = 'Loss by learning rate';

/** The curve of a learning-rate finder as a page that needs nothing but itself. */
export function renderLrPage(finding: LrFinding): string {
  const chart = lrChart(finding);
  const { valley, steep } = finding;
  const rate = (value: number | undefined): string => (value === undefined ? 'none' : value.toExponential(1));
  return pageDocument({
    title: TITLE,
    header: html`<header><h1>${TITLE}</h1><p>Suggested learning rate: ${rate(valley)} (valley); steepest at ${rate(steep)}.</p></header>`,
    main: [html`<section><div class="charts">${chartFigure(chart)}</div></section>`],
    data: () => ({ charts: [chart], confusion: null }),
  });
}

function lrChart({ lrs, losses, valley }: LrFinding): Chart {
  const values = losses.map((loss) => (Number.isFinite(loss) ? loss : null));
  const at = valley === undefined ? -1 : lrs.indexOf(valley);
  const marks = lrs.map((lr, i) => (i === at ? lr.toExponential(1) : null));
  return {
    id: 'loss-by-rate',
    title: TITLE,
    xLabel: 'learning rate',
    x: lrs,
    xScale: 'log',
    series: [
      { label: 'loss', values, stroke: 'train' },
      ...(at < 0
        ? []
        : [{ label: 'suggested', values: values.map((v, i) => (i === at ? v : null)), stroke: 'test', marks }]),
    ],
    height: 320,
  };
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [640, 360, 56, 44, 36, 16];

/** The same as a picture; light on light paper, dark on dark. */
export function renderLrSvg({ lrs, losses, valley }: LrFinding): string {
  const points = lrs.map((lr, i) => [Math.log10(lr), losses[i]] as const).filter(([, loss]) => Number.isFinite(loss));
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const px = (x: number): string => (LEFT + ((x - left) / (right - left || 1)) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const py = (y: number): string => (TOP + ((high - y) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const decades = Array.from(
    { length: Math.max(0, Math.floor(right) - Math.ceil(left) + 1) },
    (_, i) => Math.ceil(left) + i,
  );
  const ticks = decades.map((d) => `<text x="${px(d)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">1e${d}</text>`);
  const levels = [low, (low + high) / 2, high];
  const sides = levels.map(
    (y) => `<text x="${LEFT - 8}" y="${py(y)}" text-anchor="end" dominant-baseline="middle">${y.toFixed(2)}</text>`,
  );
  const mark = valley === undefined ? '' : markOf(px(Math.log10(valley)), valley);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${TITLE}">
<style>
svg { background: #fff; font: 12px system-ui, sans-serif; fill: #222; }
path, line { fill: none; stroke: #1668b5; stroke-width: 2; }
line { stroke: #b3400a; stroke-dasharray: 4 3; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) { svg { background: #16181c; fill: #e6e6e6; } path { stroke: #6ab0f3; } line { stroke: #f29a5b; } }
</style>
<text x="${LEFT}" y="20" font-weight="600">${TITLE}</text>
${[...ticks, ...sides].join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">learning rate</text>
${mark}
<path d="M${points.map(([x, y]) => `${px(x)} ${py(y)}`).join('L')}"/>
</svg>
`;
}

function markOf(x: string, rate: number): string {
  return `<line x1="${x}" x2="${x}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>
<text x="${x}" y="${TOP - 4}" text-anchor="middle">${rate.toExponential(1)}</text>`;
}
