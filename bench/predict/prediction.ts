import type { Profile } from './profile.js';
import { loopTime, type PoolCosts } from './schedule.js';

/** Loops of one kind, or the serial parts of one command, and the time that threads wait for them. */
export interface Limit {
  readonly name: string;
  readonly count: number;
  /** Microseconds of a step besides the work's equal share. */
  readonly lost: number;
}

/** What a step takes on so many threads. */
export interface Prediction {
  readonly threads: number;
  readonly time: number;
  readonly oneThread: number;
  /** Most costly first. */
  readonly limits: readonly Limit[];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The step of a profile on so many threads. Caches and memory are taken to be as fast for each as for one. */
export function predict(profile: Profile, threads: number, costs: PoolCosts): Prediction {
  const limits = new Map<string, { count: number; lost: number }>();
  const loses = (name: string, lost: number): void => {
    const before = limits.get(name) ?? { count: 0, lost: 0 };
    limits.set(name, { count: before.count + 1, lost: before.lost + lost });
  };
  let time = 0;
  let oneThread = 0;
  for (const { command, place, ranges } of profile.loops) {
    const work = sum(ranges.flat());
    const taken = loopTime(ranges, threads, costs);
    time += taken;
    oneThread += work;
    const tiles = ranges.map((range) => range.length).join(' + ');
    loses(`${command}, loop ${place} of ${tiles} ${tiles === '1' ? 'tile' : 'tiles'}`, taken - work / threads);
  }
  for (const part of profile.serial) {
    time += part.time;
    oneThread += part.time;
    loses(`${part.command}, outside of loops`, part.time * (1 - 1 / threads));
  }
  const sorted = [...limits].map(([name, limit]) => ({ name, ...limit })).sort((a, b) => b.lost - a.lost);
  return { threads, time, oneThread, limits: sorted };
}
