import { alignColumns } from './table.js';

/** What a trace file says of a span; times in microseconds. */
interface Span {
  readonly ph: string;
  readonly name: string;
  readonly tid: number;
  readonly dur: number;
}

/** The thread that leads, on which commands run in order; it covers what the workers do for each. */
const STREAM = 0;

/** A span around the commands that a replay runs. */
const REPLAY = 'replay';

/** Where the time of a traced step went, by command, most costly first. `trace` is the text of a trace file. */
export function traceTable(trace: string): string {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: Span[] }; // of writeTrace
  const totals = new Map<string, { calls: number; ms: number }>();
  for (const { ph, name, tid, dur } of traceEvents) {
    if (ph !== 'X' || tid !== STREAM || name === REPLAY) continue;
    const { calls, ms } = totals.get(name) ?? { calls: 0, ms: 0 };
    totals.set(name, { calls: calls + 1, ms: ms + dur / 1000 });
  }
  const all = [...totals.values()].reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...totals]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .map(([name, { calls, ms }]) => [name, String(calls), ms.toFixed(3), `${((100 * ms) / all).toFixed(0)}%`]);
  return alignColumns([['command', 'calls', 'ms', 'share'], ...rows]);
}
