import { checkArray, checkBoolean } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { writeFileAtomically } from '../io/formats/atomic-file.js';
import { native, type TraceEvent } from '../native.js';

/** What a trace is to note. */
export interface TraceOptions {
  /** Whether each tile of each loop, besides the commands; false if absent. */
  tiles?: boolean;
}

const TRACE_OPTIONS: OptionNames<TraceOptions> = { tiles: true };

/**
 * Notes, from here in the stream on, which command runs when and on which thread. Costs about a microsecond each; with
 * `tiles` 0.1 us a tile more. Blocks until what is in the background has run.
 *
 * @throws TypeError for an unknown option, or one of the wrong type
 */
export function startTrace(options?: TraceOptions): void {
  checkOptions(options, TRACE_OPTIONS, 'startTrace');
  native.startTrace(checkBoolean(options?.tiles ?? false, 'startTrace tiles'));
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
  checkArray(events, 'an array of events', 'writeTrace');
  const origin = events.reduce((least, event) => Math.min(least, event.start), Number.POSITIVE_INFINITY);
  const threads = [...new Set(events.map((event) => event.thread))].sort((a, b) => a - b);
  const names = threads.map((thread) => ({
    ph: 'M',
    name: 'thread_name',
    pid: 1,
    tid: thread,
    args: { name: thread === 0 ? 'stream' : `worker ${thread}` },
  }));
  const spans = events.map(({ name, thread, start, end, loop, range, tile }) => ({
    ph: 'X',
    name,
    pid: 1,
    tid: thread,
    ts: start - origin,
    dur: end - start,
    ...(loop === undefined ? {} : { args: { loop, range, tile } }),
  }));
  const text = JSON.stringify({ traceEvents: [...names, ...spans], displayTimeUnit: 'ms' });
  await writeFileAtomically(path, [new TextEncoder().encode(text)]);
}
