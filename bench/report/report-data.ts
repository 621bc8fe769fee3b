import type { ReportFact } from '../../lib/report/report-data.js';
import type { BenchRecord } from '../record.js';

/** Everything that the page and the tables show: plain data, kept in report.json. */
export interface BenchReport {
  /** ISO 8601. */
  readonly createdAt: string;
  readonly machine: readonly ReportFact[];
  /** One sentence of the same, for tables. */
  readonly setting: string;
  readonly threads: number;
  /** 1e9 operations a second, of `threads` threads. */
  readonly peaks: { readonly fp32: number; readonly bf16: number | null };
  /** 1e9 bytes a second, of memory. */
  readonly bandwidth: number;
  /** What each contender that ran calls itself. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of whole suites; vitrine and the others. */
  readonly records: readonly BenchRecord[];
  /** Patch embedding along one size each, the others as by default; vitrine alone. */
  readonly embed: readonly Sweep[];
  /** Training steps over the number of tokens; vitrine alone. */
  readonly tokens: Sweep;
}

/** Cases along one size. */
export interface Sweep {
  readonly name: string;
  readonly points: readonly { readonly value: number; readonly record: BenchRecord }[];
}

const TITLES: Readonly<Record<string, string>> = {
  torch: 'PyTorch',
  'torch-tuned': 'PyTorch tuned',
  'torch-bf16': 'PyTorch bf16',
  onnxruntime: 'ONNX Runtime',
  'vitrine-bf16': 'vitrine bf16',
  'vitrine-int8': 'vitrine int8',
};

/** A contender as a reader knows it. */
export function contenderTitle(name: string): string {
  return TITLES[name] ?? name;
}

/** The records of a suite, case by case, in their order. */
export function byCase(records: readonly BenchRecord[], suite: string): BenchRecord[][] {
  const groups = new Map<string, BenchRecord[]>();
  for (const record of records) {
    if (record.suite !== suite) continue;
    const group = groups.get(record.case);
    if (group === undefined) groups.set(record.case, [record]);
    else group.push(record);
  }
  return [...groups.values()];
}
