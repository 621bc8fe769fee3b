import type { BenchRecord } from './record.js';
import type { RunEvents } from './runner.js';
import type { Session } from './session.js';
import { table } from './table.js';

const NARROWEST = 80;

/** What a person sees of a run: progress in one line of stderr, then a table. */
export class Terminal implements RunEvents {
  readonly #live = process.stderr.isTTY === true;

  onSkip(sentence: string): void {
    this.clear();
    console.error(sentence);
  }

  onDoubt(sentence: string): void {
    this.onSkip(sentence);
  }

  onProgress(text: string): void {
    if (!this.#live) return;
    this.clear();
    process.stderr.write(text.slice(0, (process.stderr.columns ?? NARROWEST) - 1));
  }

  /** Takes the progress away. */
  clear(): void {
    if (this.#live) process.stderr.write('\r\u001b[2K');
  }

  /** The machine, the records, and what their columns mean. */
  async showTable(records: readonly BenchRecord[], session: Session, threads: number): Promise<void> {
    this.clear();
    const { cpu, isa, blas } = session.info;
    const peaks: string[] = [];
    for (const precision of new Set(records.map((record) => record.precision))) {
      const peak = await session.peakOf(threads, precision);
      if (peak !== null) peaks.push(`${precision} ${peak.toFixed(0)} GFLOP/s`);
    }
    console.log(`${cpu}, ${isa}, ${blas.name}`);
    console.log(`${threads} ${threads === 1 ? 'thread' : 'threads'}, at best ${peaks.join(', ')}`);
    for (const version of session.runner.versions.values()) console.log(version);
    console.log(`\n${table(records, Math.max(NARROWEST, process.stdout.columns ?? NARROWEST))}`);
    if (session.runner.versions.size > 1) console.log("\ntimes: the contender's time over vitrine's");
  }
}
