import assert from 'node:assert/strict';
import { native } from '../../lib/native.js';

// What TypeScript never sends: the addon must not take it for something else, which C++ would be free to do.
describe('the native module', () => {
  const handle = native.allocate(16);
  after(() => native.release(handle));

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300, 2 ** 64, 1.5]) {
    it(`refuses ${bad} where it needs a whole number`, () => {
      const refused = { name: 'TypeError', message: /^Expected a whole number for .* but received / };
      assert.throws(() => native.retain(bad), refused);
      assert.throws(() => native.write(handle, new Float32Array(1), bad), refused);
      assert.throws(() => native.fill({ y: { handle }, count: bad, bits: 1 }), refused);
      assert.throws(() => native.fill({ y: { handle: bad }, count: 1, bits: 1 }), refused);
      assert.throws(() => native.replay(bad), refused);
      assert.throws(() => native.setThreads(bad), refused);
    });
  }

  it('refuses sizes and handles below 0', () => {
    assert.throws(() => native.allocate(-1), TypeError);
    assert.throws(() => native.allocate(Number.NaN), TypeError);
    assert.throws(() => native.retain(-handle), /Expected a live storage/);
    assert.throws(() => native.write(handle, new Float32Array(1), -4), TypeError);
    assert.throws(() => native.fill({ y: { handle }, count: -1, bits: 1 }), /Expected operands that hold the sizes/);
    assert.throws(() => native.setThreads(0), /from 1 to 1024 threads/);
    assert.throws(() => native.setThreads(-3), /from 1 to 1024 threads/);
  });

  it('refuses what is no number', () => {
    const none = 'x' as unknown as number;
    assert.throws(() => native.retain(none), /Expected a number for a storage but received another type/);
    assert.throws(
      () => native.fill({ y: { handle: none }, count: 1, bits: 1 }),
      /Expected a number for argument 1 of a native op/,
    );
  });
});
