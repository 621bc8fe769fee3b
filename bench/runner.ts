import { resolve } from 'node:path';
import { ContenderProcess } from './contender-process.js';
import type { Contender } from './contenders.js';
import { type BenchRecord, recordOf, type Timing } from './record.js';
import { median } from './statistics.js';
import type { Case, Precision } from './work.js';

/** The peak to compare with, in 1e9 operations a second; null where there is none. */
export type PeakOf = (threads: number, precision: Precision) => Promise<number | null>;

/** What a run tells while it goes on. */
export interface RunEvents {
  /** A contender is left out, of all that follows or of one case. */
  onSkip(sentence: string): void;
  /** A figure may not be what the machine can do. */
  onDoubt(sentence: string): void;
  /** What is being timed. */
  onProgress(text: string): void;
}

/** A contender that is being timed on a case. */
interface Turn {
  readonly contender: Contender;
  readonly process: ContenderProcess;
  readonly samplesMs: number[];
  /** Whether the process is this case's alone. */
  readonly fresh: boolean;
}

// Contenders take turns this often, so that what disturbs the machine for a while disturbs all of them.
const ROUNDS = 5;

/** Runs cases, each with all contenders in turn; the first contender is the one that ratios refer to. */
export class Runner {
  /** What the contenders that ran call themselves, with version. */
  readonly versions = new Map<string, string>();
  readonly #contenders: Contender[];
  readonly #shared = new Map<Contender, ContenderProcess>();

  constructor(
    contenders: readonly Contender[],
    readonly seconds: number,
    readonly peakOf: PeakOf,
    readonly events: RunEvents,
  ) {
    this.#contenders = [...contenders];
  }

  /** The records of a case, in the order of the contenders; throws when the first contender fails. */
  async run(item: Case): Promise<BenchRecord[]> {
    this.events.onProgress(`${item.suite}: ${item.name}`);
    const timings = await this.time(item);
    const first = timings.find((timing) => timing.contender === this.#contenders[0]?.name);
    const base = first === undefined ? null : median(first.samplesMs);
    const records: BenchRecord[] = [];
    for (const timing of timings) {
      const peak = await this.peakOf(item.threads, timing.precision);
      records.push(recordOf(item, timing, peak, base));
      const doubt = doubtOf(item, timing, peak);
      if (doubt !== null) this.events.onDoubt(doubt);
    }
    return records;
  }

  /** The raw timings of a case. */
  async time(item: Case): Promise<Timing[]> {
    const turns: Turn[] = [];
    try {
      for (const contender of [...this.#contenders]) {
        if (!contender.runs(item.work)) continue;
        const turn = await this.#prepare(contender, item);
        if (turn !== undefined) turns.push(turn);
      }
      for (let round = 0; round < ROUNDS; round++) {
        for (const { process, samplesMs } of turns) {
          const answer = await process.ask({ seconds: this.seconds / ROUNDS });
          if ('samplesMs' in answer) for (const sample of answer.samplesMs) samplesMs.push(sample);
        }
      }
      const timings: Timing[] = [];
      for (const { contender, process, samplesMs } of turns) {
        const answer = await process.ask({ end: true });
        // Of an op alone it would be the allocator's, and in a shared process that of the ops before.
        const peakBytes = 'model' in item.work && 'peakBytes' in answer ? answer.peakBytes : null;
        const precision = item.work.kind === 'peak' ? item.work.precision : contender.precision;
        const own = 'ownGflops' in answer ? { ownGflops: answer.ownGflops } : {};
        timings.push({ contender: contender.name, precision, samplesMs, peakBytes, ...own });
      }
      return timings;
    } finally {
      for (const { process, fresh } of turns) if (fresh) await process.close();
    }
  }

  /** Has the first contender run a step of a case and write what its threads did to a file. */
  async trace(item: Case, path: string): Promise<void> {
    const [contender] = this.#contenders;
    const turn = contender && (await this.#prepare(contender, item));
    try {
      await turn?.process.ask({ trace: resolve(path) });
    } finally {
      await turn?.process.close(); // else it would be waited for
    }
  }

  /** Ends the processes that cases share. */
  async close(): Promise<void> {
    for (const process of this.#shared.values()) await process.close();
    this.#shared.clear();
  }

  /** The contender, ready to be timed; undefined, which is said, when it cannot run this case. */
  async #prepare(contender: Contender, item: Case): Promise<Turn | undefined> {
    const fresh = contender.startsFast || item.work.kind !== 'kernel';
    const process = await this.#open(contender, fresh);
    if (process === undefined) return undefined;
    try {
      await process.ask({ work: item.work, threads: item.threads });
      return { contender, process, samplesMs: [], fresh };
    } catch (error) {
      await process.close();
      this.#shared.delete(contender);
      if (contender === this.#contenders[0]) throw error;
      this.events.onSkip(`${contender.name}: skipped for ${item.name}, ${reason(error)}.`);
      return undefined;
    }
  }

  /** A process for the contender; undefined, said once, when it cannot be started. */
  async #open(contender: Contender, fresh: boolean): Promise<ContenderProcess | undefined> {
    const shared = this.#shared.get(contender);
    if (!fresh && shared !== undefined) return shared;
    try {
      const { process, version } = await ContenderProcess.start(contender.command());
      this.versions.set(contender.name, version);
      if (!fresh) this.#shared.set(contender, process);
      return process;
    } catch (error) {
      if (contender === this.#contenders[0]) throw error;
      this.#contenders.splice(this.#contenders.indexOf(contender), 1);
      this.events.onSkip(`${contender.name}: skipped, ${reason(error)}. ${contender.advice}`);
      return undefined;
    }
  }
}

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\s+/g, ' ').replace(/\.$/, '');
}

// Peaks of two processes of one machine differ by a few hundredths, unless it has others to serve.
const LEAST_SHARE = 0.75;

/**
 * What to say of a process that multiplied much slower, or faster, than the one that measured the peak. A virtual
 * machine's CPUs may be the two threads of one core, for the whole life of a process, and each has half of it then.
 */
function doubtOf(item: Case, { contender, ownGflops }: Timing, peak: number | null): string | null {
  if (ownGflops === undefined || peak === null) return null;
  const share = ownGflops / peak;
  if (share < LEAST_SHARE) {
    const percent = Math.round(100 * share);
    return `${item.name}: the machine gave ${contender}'s process ${percent}% of the peak of this run, on registers alone. Time it again.`;
  }
  if (1 / share < LEAST_SHARE) {
    const times = share.toFixed(1);
    return `${item.name}: ${contender}'s process reached ${times} times the peak of this run, on registers alone; shares of that peak mean little. Run it again.`;
  }
  return null;
}
