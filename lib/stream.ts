import { type Fault, native } from './native.js';

/**
 * The command stream as TypeScript sees it: fences, faults and their call sites. Ops enqueue through `native`.
 */

let capturing = false;

/** @internal Marks the time in which a captured function runs. */
export function setCapturing(on: boolean): void {
  capturing = on;
}

/** @internal Whether a captured function is running. */
export function isCapturing(): boolean {
  return capturing;
}

/** @internal Throws inside a captured function, whose values do not exist yet on replay. */
export function checkMayRead(what: string): void {
  if (capturing) {
    throw new Error(
      `Expected no ${what} inside a captured function but received one. Return the tensor and read it outside, or capture with \`capture: false\`.`,
    );
  }
}

// Ops that can fail while they run note where they were called from. The newest are kept: enough for all that can be
// on its way, and bounded for programs that run for weeks.
const SITES_KEPT = 4096;
const sites = new Map<number, Error>();
let lastSite = 0;

/** @internal A number for the call that is being made, to be given to a native op that may fail while it runs. */
export function noteSite(operation: string): number {
  lastSite = (lastSite % 0xffffffff) + 1;
  sites.set(lastSite, new Error(operation));
  sites.delete(lastSite - SITES_KEPT);
  return lastSite;
}

/** The error of a fault on the stream, with the stack of the call that enqueued the failing command. */
export class StreamError extends Error {
  override readonly name = 'StreamError';

  constructor(fault: Fault) {
    super(`${fault.message} The stream stays stopped until reset().`);
    const site = sites.get(fault.site);
    if (site?.stack !== undefined) {
      const frames = site.stack.slice(site.stack.indexOf('\n'));
      this.stack = `${this.name}: ${this.message}${frames}`;
    }
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

/** Makes the stream usable again after a fault; commands enqueued before are dropped or done. */
export function reset(): void {
  native.reset();
}

// exit() runs no clean-up of addons, but that of the libraries in which kernels may still run: a crash, now and then. So
// work that is left is dropped first; whoever reads after that hears of it.
process.once('exit', () => native.abandon());
