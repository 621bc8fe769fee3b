import assert from 'node:assert/strict';
import { F, getThreads, info, manualSeed, rand, scope, setThreads, synchronize, type Tensor } from '../../lib/index.js';

describe('setThreads', () => {
  const usual = getThreads();
  afterEach(() => setThreads(usual));

  it('takes effect between the commands that are queued, and changes no bit', () => {
    const run = (threads: (i: number) => number): Float32Array[] =>
      scope(() => {
        manualSeed(1);
        const results: Tensor[] = [];
        let x = rand([97, 197]);
        const weight = rand([197, 197]);
        for (let i = 0; i < 12; i++) {
          setThreads(threads(i));
          x = F.softmax(F.linear(x, weight, undefined, { activation: 'gelu' }));
          results.push(x);
        }
        return results.map((result) => result.dataSync() as Float32Array);
      });
    const single = run(() => 1);
    assert.deepEqual(
      run((i) => (i % 4) + 1),
      single,
    );
    assert.deepEqual(
      run(() => 3),
      single,
    );
  });

  it('is told at once by getThreads and info', () => {
    setThreads(3);
    assert.equal(getThreads(), 3);
    assert.equal(info().threads, 3);
  });

  it('takes as many as there may be', () => {
    setThreads(1024);
    synchronize();
  });

  it('refuses what is no number of threads', () => {
    for (const threads of [0, -1, 1.5, 1025, Number.NaN, '2' as unknown as number]) {
      assert.throws(() => setThreads(threads), {
        name: 'TypeError',
        message: /^Expected a whole number from 1 to 1024 for setThreads but received /,
      });
    }
    assert.equal(getThreads(), usual);
  });
});
