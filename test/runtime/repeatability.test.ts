import assert from 'node:assert/strict';
import { sanitized } from '../sanitized.js';
import { runProgram } from './run-program.js';

/** A digest of a model's parameters after 30 steps with dropout, from a process of its own. */
async function trained(threads: number, seed = 5): Promise<string> {
  const { code, stdout, stderr } = await runProgram('trains', {
    args: [String(seed)],
    env: { VITRINE_THREADS: String(threads) },
  });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^[0-9a-f]{64}\n$/);
  return stdout;
}

describe('the same seed', () => {
  it('gives the same bits in two processes, and on 1, 2 and 3 threads', async () => {
    const first = await trained(1);
    for (const threads of sanitized ? [3] : [1, 2, 3])
      assert.equal(await trained(threads), first, `${threads} threads`);
    assert.notEqual(await trained(1, 6), first, 'another seed');
  });
});
