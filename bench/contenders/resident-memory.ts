import { readFileSync, writeFileSync } from 'node:fs';

/** How much memory the process holds more than at the beginning, at most. Linux only: elsewhere it is not known. */
export class ResidentGrowth {
  readonly #before = readStatus('VmRSS');

  constructor() {
    try {
      writeFileSync('/proc/self/clear_refs', '5'); // the highest mark begins anew; see proc(5)
    } catch {
      // Then the mark is that of the whole life of the process, whose beginning is the smaller part.
    }
  }

  /** Bytes, or null where the system does not tell. */
  peakBytes(): number | null {
    const highest = readStatus('VmHWM');
    return highest === null || this.#before === null ? null : Math.max(0, highest - this.#before);
  }
}

function readStatus(name: string): number | null {
  try {
    const line = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
    return line === null ? null : Number(line[1]) * 1024;
  } catch {
    return null;
  }
}
