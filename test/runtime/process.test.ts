import assert from 'node:assert/strict';
import { runProgram } from './run-program.js';

describe('a process', () => {
  const cases: [string, string, number, string][] = [
    ['ends by itself while the stream still works, if nobody waits for it', 'idle', 0, ''],
    ['ends by itself after a fence', 'settled', 0, ''],
    ['stays alive for a pending read', 'read', 0, 'read 2\n'],
    ['stays alive for a read that will reject', 'fault', 0, 'StreamError\n'],
    ['ends at once on exit(), whatever is pending', 'exit', 7, ''],
  ];
  for (const [title, argument, code, stdout] of cases) {
    it(title, async () => {
      const result = await runProgram('ends', { args: [argument] });
      assert.deepEqual(result, { code, signal: null, stdout, stderr: '' });
    });
  }
});
