import assert from 'node:assert/strict';
import { F, getThreads, ones, optim, scope, setThreads, type Tensor, tensor } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';

describe('numbers below the normal ones', () => {
  returnsMemory();
  const usual = getThreads();
  afterEach(() => setThreads(usual));

  /** 1 / 1e-38 is the least normal number's size; elements enough for every thread. */
  const tiny = (value: number): Tensor => tensor(new Float32Array(1 << 19).fill(value));

  for (const threads of [1, 2, 3, 4]) {
    it(`are 0 on ${threads} threads, as operands and as results`, () => {
      setThreads(threads);
      scope(() => {
        const result = tiny(1e-30).mul(1e-10).dataSync();
        assert.ok(result.every((value) => value === 0));
        const operand = tiny(1e-40).mul(1e10).dataSync();
        assert.ok(operand.every((value) => value === 0));
        // A small op, which the stream's own thread runs.
        assert.equal(F.add(tensor([1e-40]), tensor([1e-40])).itemSync(), 0);
      });
    });
  }

  it('are where an optimizer keeps nothing, the same bits on any number of threads', async () => {
    const run = (threads: number): number[] => {
      setThreads(threads);
      return scope(() => {
        const parameter = ones([1 << 17], { requiresGrad: true });
        const sgd = new optim.SGD([parameter], { lr: 1e-3, momentum: 0.5 });
        // One step with a gradient, and then 140 in which its momentum halves, past 2^-126.
        for (let step = 0; step < 141; step++) {
          parameter
            .mul(step === 0 ? 1 : 0)
            .sum()
            .backward();
          sgd.step();
          sgd.zeroGrad();
        }
        const kept = [...sgd.stateDict()].filter(([name]) => name.includes('momentum'));
        assert.equal(kept.length, 1);
        for (const [name, momentum] of kept)
          assert.ok(
            momentum.dataSync().every((value) => value === 0),
            name,
          );
        const values = Array.from(parameter.dataSync());
        sgd.dispose();
        return values;
      });
    };
    const single = run(1);
    for (const threads of [2, 3, 4]) assert.deepEqual(run(threads), single);
  });

  it('are left alone in JavaScript', () => {
    assert.ok(Number.MIN_VALUE * 1 > 0);
    assert.ok(Math.fround(1e-40) > 0);
    scope(() => assert.equal(tensor([1e-40]).itemSync(), Math.fround(1e-40))); // copied, not computed
  });
});
