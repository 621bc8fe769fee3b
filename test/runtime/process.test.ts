import assert from 'node:assert/strict';
import { sanitized } from '../sanitized.js';
import { type ProgramResult, runProgram } from './run-program.js';

// The leak check of AddressSanitizer (see `npm run sanitize`) breaks in a process that exits while threads are alive.
const { ASAN_OPTIONS: asan } = process.env;
const env = asan === undefined ? {} : { ASAN_OPTIONS: `${asan}:detect_leaks=0` };
const end = (way: string): Promise<ProgramResult> => runProgram('ends', { args: [way], env });

describe('a process', () => {
  const cases: [string, string, number, string][] = [
    ['ends by itself while the stream still works, if nobody waits for it', 'idle', 0, ''],
    ['ends by itself after a fence', 'settled', 0, ''],
    ['stays alive for a pending read', 'read', 0, 'read 2\n'],
    ['stays alive for a read that will reject', 'fault', 0, 'StreamError\n'],
    ['may read in an exit handler what is computed', 'late-read-idle', 0, 'read 2\n'],
    [
      'is told in an exit handler that what was pending is dropped',
      'late-read',
      0,
      'StreamError: Expected the process to live until the stream has run what is queued but it is exiting. ' +
        'Await data() or fence() before exit(). The stream stays stopped until reset().\n',
    ],
  ];
  for (const [title, argument, code, stdout] of cases) {
    it(title, async () => {
      const result = await end(argument);
      assert.deepEqual(result, { code, signal: null, stdout, stderr: '' });
    });
  }

  // Kernels that ran on into the end of the process made it crash, one time in six on exit(), every other time without
  // the event that comes before it.
  for (const [title, way, code] of [
    ['exit(), whatever is pending', 'exit', 7],
    ['process.reallyExit(), of which JavaScript hears nothing', 'really-exit', 7],
    ['exit() in a callback', 'exit-in-callback', 7],
    ['exit() while a worker computes', 'exit-beside-worker', 7],
    ['terminate() of a worker that computes', 'terminate', 7],
    ['an error that nobody catches', 'throw', 1],
  ] as const) {
    it(`ends at once on ${title}`, async () => {
      const results = await Promise.all(Array.from({ length: sanitized ? 2 : 8 }, () => end(way)));
      assert.deepEqual(
        results.map((result) => result.code ?? result.signal),
        results.map(() => code),
      );
    });
  }
});
