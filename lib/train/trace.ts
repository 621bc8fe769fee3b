import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { native, type TraceEvent } from '../native.js';

/** Notes, from here in the stream on, which command runs when and on which thread. Costs about a microsecond each. */
export function startTrace(): void {
  native.startTrace();
}

/** Ends what `startTrace` began and gives the spans. Blocks until all that is enqueued has run. */
export function stopTrace(): TraceEvent[] {
  return native.stopTrace();
}

/**
 * Writes spans for Perfetto (ui.perfetto.dev) or Chrome's viewer (chrome://tracing).
 * @see the Trace Event Format, complete events ("ph": "X")
 */
export async function writeTrace(path: string, events: readonly TraceEvent[]): Promise<void> {
  const origin = events.reduce((least, event) => Math.min(least, event.start), Number.POSITIVE_INFINITY);
  const threads = [...new Set(events.map((event) => event.thread))].sort((a, b) => a - b);
  const names = threads.map((thread) => ({
    ph: 'M',
    name: 'thread_name',
    pid: 1,
    tid: thread,
    args: { name: thread === 0 ? 'stream' : `worker ${thread}` },
  }));
  const spans = events.map(({ name, thread, start, end }) => ({
    ph: 'X',
    name,
    pid: 1,
    tid: thread,
    ts: start - origin,
    dur: end - start,
  }));
  const text = JSON.stringify({ traceEvents: [...names, ...spans], displayTimeUnit: 'ms' });
  await writeFileAtomically(path, [new TextEncoder().encode(text)]);
}
