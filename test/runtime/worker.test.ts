import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { F, ones, type Tensor } from '../../lib/index.js';
import { sanitized } from '../sanitized.js';
import { programPath, runProgram } from './run-program.js';

/** What a worker posts first. */
async function firstMessage(workerData: object): Promise<unknown> {
  const worker = new Worker(programPath('worker'), { workerData });
  const [message] = await once(worker, 'message');
  const [code] = await once(worker, 'exit');
  assert.equal(code, 0);
  return message;
}

describe('worker threads', () => {
  it('train side by side, each as if it were alone', async () => {
    const alone = await firstMessage({ steps: 10 });
    const together = await Promise.all([1, 2, 3].map(() => firstMessage({ steps: 10 })));
    assert.deepEqual(together, [alone, alone, alone]);
    assert.notEqual(await firstMessage({ steps: 9 }), alone);
  });

  it('do not share tensors: one that was posted is refused, and what to do is told', async () => {
    const posted = (await firstMessage({ tensor: true })) as Tensor;
    using own = ones([2]);
    const message =
      /^Expected a Tensor for add but received an object\. Tensors stay with the thread .* send data\(\) to another worker/;
    assert.throws(() => F.add(posted, own), { name: 'TypeError', message });
    assert.throws(() => own.add(posted), { name: 'TypeError', message });
  });

  it('may be terminated in the middle of training, again and again, and leave nothing', async function () {
    this.timeout(300_000); // on one CPU that others use too
    // A sanitizer keeps what was freed for a while, so that growth tells nothing.
    const { code, signal, stdout, stderr } = await runProgram('worker-rounds', { args: [sanitized ? '5' : '20', '2'] });
    assert.deepEqual([code, signal, stderr], [0, null, '']);
    const { resident, sum } = JSON.parse(stdout) as { resident: number[]; sum: number };
    assert.equal(sum, 64 ** 3);
    // V8 keeps something of the first rounds. Two workers' models, states and activations are about 4 MB a round.
    const mean = (from: number, to: number) =>
      resident.slice(from, to).reduce((sum, bytes) => sum + bytes, 0) / (to - from);
    const growth = mean(15, 20) - mean(5, 10);
    if (!sanitized) assert.ok(growth < 15e6, `${growth} bytes in ten rounds`);
  });
});
