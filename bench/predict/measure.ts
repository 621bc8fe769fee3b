import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContenderProcess } from '../contender-process.js';
import { vitrine } from '../contenders.js';
import type { Case, Precision } from '../work.js';
import { fastestProfile, type Profile, profileOf } from './profile.js';

/** A case's step as it is on one thread, and how long steps take. */
export interface Measured {
  readonly profile: Profile;
  /** Milliseconds of the fastest step that is not traced, as other programs make others slower, on one thread and on two; two is null where the process may use one CPU only. */
  readonly oneThread: number;
  readonly twoThreads: number | null;
  /** Steps that were traced. */
  readonly traces: number;
}

/** Traces of a step, and turns of either number of threads, which alternate with them. */
const ROUNDS = 7;
/** A long step, whose tiles others disturb less for their length, is traced fewer times: no round begins after so many milliseconds. */
const ENOUGH_MS = 60_000;

/** Traces steps of a case on one thread, and times it on one and on two. */
export async function measure(item: Case, precision: Precision, seconds: number, cpus: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-predict-'));
  const processes: ContenderProcess[] = [];
  const samples: number[][] = [];
  const profiles: Profile[] = [];
  try {
    for (const threads of cpus > 1 ? [1, 2] : [1]) {
      const { process } = await ContenderProcess.start(vitrine(precision).command());
      processes.push(process);
      samples.push([]);
      await process.ask({ work: item.work, threads });
    }
    const start = performance.now();
    for (let round = 0; round === 0 || (round < ROUNDS && performance.now() - start < ENOUGH_MS); round++) {
      const trace = join(folder, 'trace.json');
      await processes[0]?.ask({ trace, tiles: true });
      profiles.push(profileOf(readFileSync(trace, 'utf8')));
      for (const [i, process] of processes.entries()) {
        const answer = await process.ask({ seconds: seconds / ROUNDS });
        if ('samplesMs' in answer) samples[i]?.push(...answer.samplesMs);
      }
    }
  } finally {
    for (const process of processes) await process.close();
    rmSync(folder, { recursive: true });
  }
  const [one = [], two] = samples;
  return {
    profile: fastestProfile(profiles),
    oneThread: Math.min(...one),
    twoThreads: two === undefined ? null : Math.min(...two),
    traces: profiles.length,
  };
}
