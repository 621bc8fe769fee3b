import assert from 'node:assert/strict';
import { runProgram } from './run-program.js';

interface Held {
  heap: number;
  buffers: number;
  native: number;
}

// What a step's batch, and its pixels once more, take: 8 KiB each. A thousand that stay are sixteen times the bound.
const MOST_BUFFERS = 2 ** 20;
// V8's own compiled code and feedback grow for a while: 0.6 MB were measured, and none between three and thirty thousand steps.
const MOST_HEAP = 1.5 * 2 ** 20;

describe('a process that does the same again and again holds no more after it', function () {
  this.timeout(120_000);

  const kinds: Record<string, { what: string; times?: number }> = {
    loop: { what: 'an own training loop' },
    checkpoints: { what: 'one with gradient checkpointing' },
    capture: { what: 'replays of a capture' },
    captures: { what: 'making captures' },
    reads: { what: 'reads' },
    fit: { what: 'fit, of eight steps and two evaluations', times: 125 },
    evaluate: { what: 'evaluate' },
    faults: { what: 'faults on the stream', times: 300 },
  };
  for (const [kind, { what, times = 1000 }] of Object.entries(kinds)) {
    it(`${times} times: ${what}`, async () => {
      const { code, stdout, stderr } = await runProgram('repeats', {
        args: [kind, String(times)],
        flags: ['--expose-gc'],
      });
      assert.equal(code, 0, stderr);
      const { before, after }: { before: Held; after: Held } = JSON.parse(stdout);
      assert.ok(after.buffers < before.buffers + MOST_BUFFERS, `array buffers: ${before.buffers}, ${after.buffers}`);
      assert.ok(after.heap < before.heap + MOST_HEAP, `heap: ${before.heap}, ${after.heap}`);
      assert.ok(after.native <= before.native, `native memory: ${before.native}, ${after.native}`);
    });
  }
});
