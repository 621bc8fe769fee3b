// Work of the scripts that is done side by side, as much of it at a time as there are CPUs; and the test suite cut up for that.

import { availableParallelism } from 'node:os';
import { listFiles } from './setup/freshness.mjs';

/** Runs the tasks, functions that return promises, in their order; resolves to what they resolve to. */
export async function sideBySide(tasks) {
  const results = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < tasks.length; i = next++) results[i] = await tasks[i]();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

/** Whether mocha's arguments name files, which are run alone (.mocharc.cjs). */
export const nameFiles = (mochaArgs) => mochaArgs.some((argument) => /\.test\.c?js$/.test(argument));

/**
 * The arguments of so many processes of mocha that share the suite's files, dealt out in turn: the same files after one another
 * every time, which mocha's own --parallel does not promise. It ends its processes by a signal besides, and so hears neither of
 * leaks nor of faults at their end. More of them than CPUs: some files take a minute, and others wait for the CPU that is free.
 *
 * @param accept the files that are run at all
 */
export function shares(count, mochaArgs, accept = () => true) {
  if (nameFiles(mochaArgs)) return [mochaArgs];
  const files = listFiles('dist/test', (file) => file.endsWith('.test.js')).filter(accept);
  return Array.from({ length: count }, (_, share) => [...mochaArgs, ...files.filter((_, i) => i % count === share)]);
}

export const MOCHA = 'node_modules/mocha/bin/mocha.js';
