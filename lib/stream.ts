import { checkFunction } from './check.js';
import { settleDeferred } from './deferred.js';
import { type Fault, native } from './native.js';
import { checkSynchronous } from './thenable.js';

/**
 * The command stream as TypeScript sees it: fences, faults and their call sites. Ops enqueue through `native`.
 */

/** @internal Hears of what a captured function does besides calling ops. */
export interface Recording {
  /** Values came from JavaScript's memory: a replay would bring the same ones again. */
  onHostWrite(what: string): void;
  /** Storages that were modified in place. */
  readonly modified: Set<{ version: number }>;
  /** Packed weights that its ops read. */
  readonly kept: Set<Kept>;
}

/** What follows from a weight that replays read: made again where the weight was written meanwhile. */
export interface Kept {
  refresh(): void;
  retain(): void;
  release(): void;
}

let recording: Recording | undefined;

/** @internal Marks the time in which a captured function runs. */
export function setRecording(current: Recording | undefined): void {
  recording = current;
}

/** @internal Whether a captured function is running. */
export function isCapturing(): boolean {
  return recording !== undefined;
}

/** @internal To be called before values are copied from JavaScript's memory, unless shapes and options alone decide them. */
export function noteHostWrite(what: string): void {
  settleDeferred();
  recording?.onHostWrite(what);
}

/** @internal To be called when a storage's version grows. */
export function noteModified(storage: { version: number }): void {
  recording?.modified.add(storage);
}

/** @internal To be called when an op reads a packed weight: a capture holds it, and keeps it up to date. */
export function noteKept(kept: Kept): void {
  if (recording === undefined || recording.kept.has(kept)) return;
  kept.retain();
  recording.kept.add(kept);
}

/** @internal Throws inside a captured function, whose values do not exist yet on replay. */
export function checkMayRead(what: string): void {
  if (recording !== undefined) {
    throw new Error(
      `Expected no ${what} inside a captured function but received one. Return the tensor and read it outside, or capture with \`capture: false\`.`,
    );
  }
}

// Ops that can fail while they run note where they were called from: the stack as text (6 us), as an Error holds on to
// all that its frames' functions can see, batches among it. A loop calls from the same place each time, so one number a
// place is enough; the newest are kept, for programs that run for weeks.
const SITES_KEPT = 4096;
const siteOf = new Map<string, number>();
const stackOf = new Map<number, string>();
let lastSite = 0;

/** @internal A number for the call that is being made, to be given to a native op that may fail while it runs. */
export function noteSite(operation: string): number {
  const stack = String(new Error(operation).stack);
  const known = siteOf.get(stack);
  if (known !== undefined) return known;
  lastSite = (lastSite % 0xffffffff) + 1;
  siteOf.set(stack, lastSite);
  stackOf.set(lastSite, stack);
  for (const [oldest, text] of stackOf) {
    if (stackOf.size <= SITES_KEPT) break;
    stackOf.delete(oldest);
    siteOf.delete(text);
  }
  return lastSite;
}

/** The error of a fault on the stream, with the stack of the call that enqueued the failing command. */
export class StreamError extends Error {
  /** `StreamError`. */
  override readonly name = 'StreamError';

  /** @internal */
  constructor(fault: Fault) {
    super(`${fault.message} The stream stays stopped until reset().`);
    const stack = stackOf.get(fault.site);
    const frames = stack?.indexOf('\n') ?? -1; // none with Error.stackTraceLimit = 0
    if (stack !== undefined && frames !== -1) this.stack = `${this.name}: ${this.message}${stack.slice(frames)}`;
  }
}

/** @internal A promise for what the addon reports through a callback. */
export function settled<T>(value: T, start: (done: (message?: string, site?: number) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((message, site) => {
      if (message === undefined) resolve(value);
      else reject(new StreamError({ message, site: site ?? 0 }));
    });
  });
}

/**
 * Waits until all that has been enqueued so far has run.
 * Rejects with a `StreamError` when a command failed (a label that is no class, for one).
 */
export function fence(): Promise<void> {
  checkMayRead('fence');
  return settled(undefined, (done) => native.fence(done));
}

/** Blocks until all that has been enqueued so far has run. Throws as `fence` rejects. For scripts and benchmarks. */
export function synchronize(): void {
  checkMayRead('fence');
  const fault = native.synchronize();
  if (fault !== undefined) throw new StreamError(fault);
}

let inBackground = false;

/**
 * Runs `fn` and has the stream do what it enqueues in the background: after all that is enqueued before, and giving way
 * to whatever else is enqueued later, command by command, unless that uses its results or its memory. Results are those
 * without it, bit for bit. For long work beside short work that somebody waits for; the Trainer's steps and `evaluate`
 * are in the background by themselves.
 *
 * @example
 * const loss = background(() => scope(() => trainingStep(batch)));
 * console.log(await loss.item());
 * @throws TypeError when `fn` is asynchronous: other code would run in the background. Call it for each part.
 */
export function background<T>(fn: () => T): T {
  checkFunction(fn, 'background');
  const before = inBackground;
  setInBackground(true);
  let result: T;
  try {
    result = fn();
  } finally {
    setInBackground(before);
  }
  checkSynchronous(result, 'background');
  return result;
}

function setInBackground(on: boolean): void {
  if (inBackground === on) return;
  inBackground = on;
  native.setBackground(on);
}

/** Makes the stream usable again after a fault; commands enqueued before are dropped or done. */
export function reset(): void {
  native.reset();
}

// exit() runs no clean-up of addons, but that of the libraries in which kernels may still run: a crash, now and then. So
// work that is left is dropped first; whoever reads after that hears of it.
process.once('exit', () => native.abandon());
// process.reallyExit() comes without that event.
const exiting = process as unknown as { reallyExit(code?: number): never }; // Node.js has it, its types have not
const reallyExit = exiting.reallyExit;
exiting.reallyExit = (code) => {
  native.abandon();
  return reallyExit.call(process, code);
};
