import { constants } from 'node:os';
import { setThreads } from '../info.js';

/** A wish, from Ctrl-C or `kill`, that work should end soon and cleanly. */
export interface Interruption {
  /** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Sets what is called at the first, with the signal's name. */
  onFirst(call: (name: string) => void): void;
  /** What the shell expects: 130 after SIGINT, 143 after SIGTERM; undefined when nobody interrupted. */
  exitCode(): number | undefined;
  /** Gives the signals back to Node. */
  release(): void;
}

/** Begins to listen. */
export function listenForInterrupts(): Interruption {
  let onFirst: (name: string) => void = () => undefined;
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  let received: (typeof names)[number] | undefined;
  const release = (): void => {
    for (const name of names) process.off(name, stop);
  };
  function stop(name: (typeof names)[number]): void {
    // With no listener left, the system's own handling returns: the next signal ends the process.
    release();
    received = name;
    controller.abort();
    onFirst(name);
  }
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    onFirst: (call) => {
      onFirst = call;
    },
    exitCode: () => (received === undefined ? undefined : 128 + constants.signals[received]),
    release,
  };
}

/** Runs a command that writes all or nothing, on so many threads; where it is interrupted, says so and sets the exit code. */
export async function allOrNothing(
  threads: number | undefined,
  run: (interruption: Interruption) => Promise<void>,
): Promise<void> {
  if (threads !== undefined) setThreads(threads);
  const interruption = listenForInterrupts();
  try {
    await run(interruption);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.error('vitrine: interrupted: nothing was written');
    process.exitCode = interruption.exitCode() ?? 1;
  } finally {
    interruption.release();
  }
}
