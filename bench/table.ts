import { formatBytes } from '../lib/report/format.js';
import type { BenchRecord } from './record.js';

interface Column {
  readonly title: string;
  /** Null where the record has no such figure. */
  readonly text: (record: BenchRecord) => string | null;
  readonly left?: boolean;
  /** Columns of a higher rank go first where the terminal is narrow; those without stay. */
  readonly rank?: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'case', text: (record) => record.case, left: true },
  { title: 'contender', text: (record) => record.contender, left: true },
  { title: 'ms', text: (record) => digits(record.medianMs) },
  { title: 'min', text: (record) => digits(record.minMs), rank: 4 },
  { title: 'max', text: (record) => digits(record.maxMs), rank: 4 },
  { title: 'img/s', text: (record) => orNull(record.imagesPerSecond, digits), rank: 1 },
  { title: 'GFLOP/s', text: (record) => (record.gflops === 0 ? null : digits(record.gflops)), rank: 2 },
  { title: 'GB/s', text: (record) => orNull(record.gigabytesPerSecond, digits), rank: 3 },
  { title: 'peak', text: (record) => (record.gflops === 0 ? null : orNull(record.peakFraction, percent)) },
  { title: 'memory', text: (record) => orNull(record.peakBytes, formatBytes), rank: 5 },
  { title: 'exponent', text: (record) => orNull(record.exponent, (value) => value.toFixed(2)) },
  { title: 'times', text: (record) => orNull(record.ratio, (value) => value.toFixed(2)) },
];
const GAP = '  ';

/** Records as an aligned table of at most `width` columns; figures that no record has are left out. */
export function table(records: readonly BenchRecord[], width: number): string {
  const several = new Set(records.map((record) => record.contender)).size > 1;
  let columns = COLUMNS.filter(({ title, text }) => {
    if (!several && (title === 'contender' || title === 'times')) return false;
    return records.some((record) => text(record) !== null);
  });
  while (widthOf(columns, records) > width) {
    const last = Math.max(...columns.map((column) => column.rank ?? 0));
    if (last === 0) break;
    columns = columns.filter((column) => column.rank !== last);
  }
  const spare = width - widthOf(columns, records);
  return layOut(columns, records, spare).join('\n');
}

/** Lines of cells, the first at the left of its column and the others at the right. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? '').length)));
  return lines
    .map((cells) =>
      cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(GAP),
    )
    .join('\n');
}

function layOut(columns: readonly Column[], records: readonly BenchRecord[], spare: number): string[] {
  const widths = columns.map((column, i) => widthOf([column], records) + (i === 0 ? Math.min(0, spare) : 0));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (columns[i]?.left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join(GAP)
      .trimEnd();
  const rows = records.map((record, row) =>
    columns.map((column, i) => {
      // A case's name stands at its first contender only.
      if (i === 0 && records[row - 1]?.case === record.case) return '';
      return shorten(column.text(record) ?? '', widths[i] ?? 0);
    }),
  );
  const titles = columns.map(({ title }, i) => shorten(title, widths[i] ?? 0));
  return [line(titles), ...rows.map(line)];
}

function widthOf(columns: readonly Column[], records: readonly BenchRecord[]): number {
  const widths = columns.map(({ title, text }) =>
    Math.max(title.length, ...records.map((record) => (text(record) ?? '').length)),
  );
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function orNull(value: number | null, format: (value: number) => string): string | null {
  return value === null ? null : format(value);
}

/** Three digits that count, and never an exponent. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toPrecision(value >= 0.001 ? 3 : 1);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}
