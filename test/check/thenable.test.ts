import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { checkSynchronous, isThenable } from '../../lib/thenable.js';

/** What only looks like a promise. */
const thenable = (base: object): object => Object.defineProperty(base, 'then', { value: () => undefined });

describe('isThenable', () => {
  it('knows promises of every realm, and whatever else await waits for', () => {
    for (const value of [Promise.resolve(), runInNewContext('Promise.resolve()'), thenable({}), thenable(() => 0)]) {
      assert.equal(isThenable(value), true);
    }
  });

  it('passes over everything else', () => {
    for (const value of [undefined, null, 1, 'then', {}, [], () => undefined]) {
      assert.equal(isThenable(value), false);
    }
  });
});

describe('checkSynchronous', () => {
  it('refuses a promise, whose own failure then ends no process', async () => {
    const failing = Promise.reject(new Error('late'));
    assert.throws(() => checkSynchronous(failing, 'noGrad'), /Expected a synchronous function for noGrad/);
    await new Promise((done) => setImmediate(done));
  });
});
