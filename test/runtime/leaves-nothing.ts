import assert from 'node:assert/strict';
import { manualSeed, memory } from '../../lib/index.js';

/** Runs `fn` and checks that it gives all native memory back. */
export async function leavesNothing(fn: () => void | Promise<void>): Promise<void> {
  manualSeed(0); // makes the generator's state, which stays
  const before = memory().live;
  await fn();
  // Less, where the garbage collector gave back meanwhile what an earlier test had forgotten.
  const after = memory().live;
  assert.ok(after <= before, `Expected at most ${before} live bytes afterwards but there are ${after}.`);
}
