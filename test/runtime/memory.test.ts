import assert from 'node:assert/strict';
import {
  emptyCache,
  F,
  memory,
  ones,
  optim,
  resetPeakMemory,
  scope,
  synchronize,
  tensor,
  zeros,
} from '../../lib/index.js';
import { sanitized } from '../sanitized.js';
import { textures, tinyViT } from '../train/tiny-problem.js';
import { leavesNothing } from './leaves-nothing.js';
import { runProgram } from './run-program.js';

describe('memory()', () => {
  it('counts the bytes of tensors, exactly', () => {
    const { live } = memory();
    const a = zeros([3]);
    const b = zeros([5], { dtype: 'int32' });
    const none = zeros([0]);
    assert.equal(memory().live - live, 12 + 20);
    const c = a.reshape([3, 1]); // of the same memory
    a.dispose();
    assert.equal(memory().live - live, 12 + 20);
    for (const t of [b, c, none]) t.dispose();
    assert.equal(memory().live, live);
  });

  it('remembers the peak until it is reset', () => {
    resetPeakMemory();
    const { live } = memory();
    zeros([1000]).dispose();
    zeros([500]).dispose();
    assert.deepEqual(memory().peak, live + 4000);
    resetPeakMemory();
    assert.equal(memory().peak, live);
  });

  it('keeps free blocks for reuse until emptyCache()', () => {
    emptyCache();
    zeros([1000]).dispose();
    const { cached } = memory();
    assert.ok(cached >= 4000);
    zeros([1000]).dispose();
    assert.equal(memory().cached, cached);
    emptyCache();
    assert.equal(memory().cached, 0);
  });

  it('is the same after step 100 of training and many more', () => {
    const { images, labels } = textures(4);
    const model = tinyViT({ posDropRate: 0.1 });
    const sgd = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const step = () => {
      sgd.zeroGrad();
      scope(() => {
        const logits = model.forward(tensor(images, [4, 1, 8, 8]));
        F.crossEntropy(logits, tensor(labels)).backward();
        optim.clipGradNorm(model.parameters(), 1);
        sgd.step();
      });
    };
    const after: (readonly [number, number])[] = [];
    const steps = sanitized ? 200 : 1000;
    for (let i = 1; i <= steps; i++) {
      step();
      if (i === 100 || i === steps) after.push([memory().live, memory().cached]);
    }
    assert.deepEqual(after[1], after[0]);
    sgd.zeroGrad();
    sgd.dispose();
    model.dispose();
  });
});

describe('tensors that are forgotten', () => {
  it('come back with garbage collection, graphs and gradients included, and nothing else does', async () => {
    const { code, stdout, stderr } = await runProgram('forgets', { flags: ['--expose-gc'] });
    assert.deepEqual([code, stderr], [0, '']);
    const { before, most, kept, after } = JSON.parse(stdout);
    assert.ok(most > before + 1_000_000, stdout);
    assert.deepEqual([kept, after], [1, before]);
  });

  it('make V8 collect garbage by itself', async () => {
    const { code, stdout } = await runProgram('forgets', { args: ['gigabytes'] });
    assert.equal(code, 0);
    const { most } = JSON.parse(stdout);
    assert.ok(most < 2e9, stdout); // of 8 GB
  });
});

describe('an allocation larger than the memory there is', () => {
  it('throws a RangeError at the call and harms nothing', () =>
    leavesNothing(() => {
      const message =
        /^Expected memory for a float32 tensor of shape \(.*\) but its [0-9.e+]+ bytes on top of the \d+ in use are more than the \d+ this process may have\. Use a smaller batch, or dispose tensors\.$/;
      for (const shape of [
        [2 ** 20, 2 ** 20],
        [2 ** 40, 2 ** 40],
        [2 ** 52],
        Array.from({ length: 8 }, () => 2 ** 53 - 1),
      ]) {
        assert.throws(() => zeros(shape), { name: 'RangeError', message });
      }
      scope(() => {
        const column = ones([2 ** 20, 1]);
        const row = ones([1, 2 ** 20]);
        assert.throws(() => column.mul(row), { name: 'RangeError', message });
        assert.throws(() => column.matmul(row), { name: 'RangeError', message });
        assert.equal(column.sum().itemSync(), 2 ** 20);
      });
      synchronize();
    }));
});
