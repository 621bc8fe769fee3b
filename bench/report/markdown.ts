import { expected } from '../../lib/check.js';
import type { BenchRecord } from '../record.js';
import { type BenchReport, byCase, contenderTitle } from './report-data.js';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/**
 * A text with what stands between its markers replaced.
 *
 * @throws TypeError for a text without the markers
 */
export function replaceBetweenMarkers(text: string, content: string, where: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw expected(`${BEGIN} and ${END}`, where, 'a text without them');
  return `${text.slice(0, begin + BEGIN.length)}\n${content.trim()}\n${text.slice(end)}`;
}

/** Training and inference: what the README shows. */
export function summary(report: BenchReport): string {
  return [
    `${report.setting}; ${[...new Set(Object.values(report.versions))].join(', ')}. Images per second, medians.`,
    throughput('training step', byCase(report.records, 'train')),
    throughput('inference', byCase(report.records, 'infer')),
  ].join('\n\n');
}

/** A report from a machine beside the one of report.json. */
export interface OtherMachine {
  readonly name: string;
  readonly report: BenchReport;
}

/** All tables of another machine, folded. */
export function elsewhere({ name, report }: OtherMachine): string {
  return [`<details>\n<summary>Another machine: ${name}</summary>`, details(report), '</details>'].join('\n\n');
}

/** All tables: what docs/performance.md shows. */
export function details(report: BenchReport): string {
  const { fp32, bf16 } = report.peaks;
  const peaks = `fp32 ${fp32.toFixed(0)} GFLOP/s${bf16 === null ? '' : `, bf16 ${bf16.toFixed(0)} GFLOP/s`}`;
  const [token] = report.tokens.points;
  const exponent = token?.record.exponent;
  const shares = report.tokens.points.map(({ record }) => record.peakFraction ?? 0);
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => (100 * share).toFixed(0));
  return [
    summary(report),
    `Peak of ${report.threads} ${report.threads === 1 ? 'thread' : 'threads'}: ${peaks}; memory ${report.bandwidth.toFixed(0)} GB/s.`,
    times('overhead, ms', byCase(report.records, 'tiny')),
    times('patch embedding, ms', byCase(report.records, 'embed')),
    times('op, ms', byCase(report.records, 'kernels')),
    `A training step of ${token?.record.model} takes time as tokens^${exponent?.toFixed(2)} from ${token?.value} to ${report.tokens.points.at(-1)?.value} tokens, at ${least} to ${most} % of the peak.`,
  ].join('\n\n');
}

function throughput(title: string, cases: readonly (readonly BenchRecord[])[]): string {
  return tableOf(title, cases, (record) => record.imagesPerSecond ?? 0);
}

function times(title: string, cases: readonly (readonly BenchRecord[])[]): string {
  return tableOf(title, cases, (record) => record.medianMs);
}

function tableOf(
  title: string,
  cases: readonly (readonly BenchRecord[])[],
  figure: (record: BenchRecord) => number,
): string {
  const contenders = [...new Set(cases.flat().map((record) => record.contender))];
  const header = [title, ...contenders.map(contenderTitle), 'of the peak'];
  const rows = cases.map((records) => {
    const own = records[0];
    const cells = contenders.map((name) => {
      const record = records.find((other) => other.contender === name);
      return record === undefined ? '' : digits(figure(record));
    });
    const share = own?.peakFraction;
    return [own?.case ?? '', ...cells, share == null || share < 0.01 ? '' : `${(100 * share).toFixed(0)}%`];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    `|---|${header
      .slice(1)
      .map(() => '---:|')
      .join('')}`,
    ...rows.map(line),
  ].join('\n');
}

/** Three digits that count. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.01 ? 2 : 3);
}
