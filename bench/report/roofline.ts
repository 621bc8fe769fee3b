import type { Chart, ChartSeries } from '../../lib/report/chart.js';
import type { BenchRecord } from '../record.js';
import type { BenchReport } from './report-data.js';

/** A kernel on the roofline. */
export interface RooflineDot {
  readonly mark: string;
  readonly record: BenchRecord;
  /** Operations a byte. */
  readonly intensity: number;
  /** Share of what memory and arithmetic allow at that intensity. */
  readonly roofShare: number;
}

/** The kernels that compute anything, by intensity. */
export function rooflineDots(report: BenchReport): RooflineDot[] {
  const own = report.records.filter((record) => record.suite === 'kernels' && record.contender === 'vitrine');
  return own
    .flatMap((record) => {
      const intensity = record.gflops / (record.gigabytesPerSecond ?? 0);
      return intensity > 0 && Number.isFinite(intensity) ? [{ record, intensity }] : [];
    })
    .sort((a, b) => a.intensity - b.intensity)
    .map(({ record, intensity }, i) => ({
      mark: String(i + 1),
      record,
      intensity,
      roofShare: record.gflops / Math.min(report.peaks.fp32, intensity * report.bandwidth),
    }));
}

/** The roof and the dots under it. */
export function rooflineChart(report: BenchReport): Chart {
  const dots = rooflineDots(report);
  const ridge = report.peaks.fp32 / report.bandwidth;
  // Ends a little past the outermost dots.
  const ends = [
    Math.min(ridge, ...dots.map((dot) => dot.intensity)) / 2,
    2 * Math.max(ridge, ...dots.map((dot) => dot.intensity)),
  ];
  const places = [
    ...[...ends, ridge].map((intensity) => ({ intensity, dot: null })),
    ...dots.map((dot) => ({ intensity: dot.intensity, dot })),
  ].sort((a, b) => a.intensity - b.intensity);
  const isBackward = (dot: RooflineDot): boolean => dot.record.case.endsWith('+bwd');
  const scatter = (label: string, stroke: string, chosen: (dot: RooflineDot) => boolean): ChartSeries => ({
    label,
    values: places.map(({ dot }) => (dot !== null && chosen(dot) ? dot.record.gflops : null)),
    marks: places.map(({ dot }) => (dot !== null && chosen(dot) ? dot.mark : null)),
    stroke,
  });
  return {
    id: 'roofline',
    title: 'GFLOP/s over operations a byte',
    xLabel: 'operations a byte',
    xScale: 'log',
    yScale: 'log',
    height: 420,
    x: places.map((place) => place.intensity),
    series: [
      {
        label: 'roof',
        values: places.map((place) => Math.min(report.peaks.fp32, place.intensity * report.bandwidth)),
        stroke: 'muted',
      },
      scatter('forward', 'train', (dot) => !isBackward(dot)),
      scatter('with backward', 'test', isBackward),
    ],
  };
}
