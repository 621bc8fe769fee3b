import assert from 'node:assert/strict';
import { Turns } from '../lib/turns.js';

describe('turns of the event loop', () => {
  it('pass where work has lasted two milliseconds, and not before', async () => {
    let now = 0;
    let passed = 0;
    const turns = new Turns(() => now);
    const count = (): void => {
      passed++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    try {
      for (const [at, expected] of [
        [1, 0],
        [1.9, 0],
        [2, 1],
        [3.9, 1],
        [4, 2],
      ] as const) {
        now = at;
        await turns.pass();
        assert.equal(passed, expected, `at ${at} ms`);
      }
    } finally {
      clearImmediate(immediate);
    }
  });
});
