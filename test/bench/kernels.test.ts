import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareStep } from '../../bench/contenders/steps.js';
import { KERNELS, kernelBench, kernelWork } from '../../bench/kernels/index.js';
import { shapesOf } from '../../bench/kernels/kernel-bench.js';
import { benchModel } from '../../bench/model.js';
import { fence } from '../../lib/index.js';
import { packageRoot } from '../../lib/package-root.js';

const shapes = shapesOf(benchModel('digits').sizes, 2);

describe('the ops of the benchmarks', () => {
  for (const bench of KERNELS) {
    // It takes what no cache holds, whatever the model.
    const params = bench.op === 'add-memory' ? { count: 1000 } : bench.params(shapes);

    it(`${bench.op} runs, as often as it is asked`, async () => {
      for (const backward of [false, true]) {
        const cost = kernelWork(bench, params, backward);
        if (cost === undefined) continue;
        const step = await prepareStep(cost.work, 'fp32');
        step();
        step();
        await fence();
      }
    });

    it(`${bench.op} costs more with backward`, () => {
      const forward = kernelWork(bench, params, false);
      const both = kernelWork(bench, params, true);
      assert.ok(forward !== undefined && forward.bytes > 0 && forward.flops >= 0);
      assert.equal(both === undefined, bench.flops(params).backward === null);
      if (both !== undefined) assert.ok(both.bytes > forward.bytes && both.flops >= forward.flops);
    });
  }

  it('have each a counterpart in PyTorch', () => {
    const source = readFileSync(join(packageRoot, 'bench', 'contenders', 'torch_ops.py'), 'utf8');
    const names = [...source.matchAll(/^ {4}"([a-z0-9-]+)":/gm)].map((match) => match[1]);
    assert.deepEqual(
      names,
      KERNELS.map((bench) => bench.op),
    );
  });

  it('are known by name only', () => {
    assert.throws(() => kernelBench('magic'), /for a kernel but received 'magic'\.$/);
  });
});
