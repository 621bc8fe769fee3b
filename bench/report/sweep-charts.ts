import type { Chart, ChartSeries } from '../../lib/report/chart.js';
import type { Sweep } from './report-data.js';

/** Sizes double and times grow with them; each size is named. */
const SCALES = { xScale: 'log', yScale: 'log', namesX: true } as const;

/** Both routes of the patch embedding along one size. */
export function embedChart(sweep: Sweep, index: number): Chart {
  const x = [...new Set(sweep.points.map((point) => point.value))];
  const line = (route: string, passes: string, stroke: string, dash: boolean): ChartSeries => ({
    label: `${route} ${passes}`,
    values: x.map((value) => {
      const prefix = `${route} ${passes} `;
      return (
        sweep.points.find((at) => at.value === value && at.record.case.startsWith(prefix))?.record.medianMs ?? null
      );
    }),
    stroke,
    dash,
  });
  return {
    id: `embed-${index}`,
    title: `Milliseconds over ${sweep.name}`,
    xLabel: sweep.name,
    ...SCALES,
    x,
    series: [
      line('naive', 'fwd+bwd', 'train', false),
      line('conv', 'fwd+bwd', 'test', false),
      line('naive', 'fwd', 'train', true),
      line('conv', 'fwd', 'test', true),
    ],
  };
}

/** Training time over the number of tokens. */
export function tokensChart({ points }: Sweep): Chart {
  const first = points[0];
  return {
    id: 'tokens',
    title: 'Milliseconds a training step, over the number of tokens',
    xLabel: 'tokens',
    ...SCALES,
    x: points.map((point) => point.value),
    series: [
      { label: 'measured', values: points.map((point) => point.record.medianMs), stroke: 'train' },
      {
        label: 'proportional',
        values: points.map((point) => (first ? (first.record.medianMs * point.value) / first.value : null)),
        stroke: 'muted',
        dash: true,
      },
    ],
  };
}
