import assert from 'node:assert/strict';
import { fence, ones, synchronize, type Tensor, tensor, zeros } from '../../lib/index.js';
import { keepBusy } from './keep-busy.js';
import { leavesNothing } from './leaves-nothing.js';

describe('the command stream', () => {
  it('runs commands in the order of the calls', () =>
    leavesNothing(() => {
      const x = zeros([]);
      const seen: Tensor[] = [];
      for (let i = 0; i < 500; i++) {
        x.set([i]);
        seen.push(x.add(0));
      }
      assert.deepEqual(
        seen.map((t) => t.itemSync()),
        Array.from({ length: 500 }, (_, i) => i),
      );
      for (const t of [x, ...seen]) t.dispose();
    }));

  it('settles reads in the order in which they were asked for', async () => {
    using x = ones([4]);
    keepBusy();
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2].map(async (i) => {
        await (i === 1 ? fence() : x.data());
        order.push(i);
      }),
    );
    assert.deepEqual(order, [0, 1, 2]);
  });

  it('leaves the event loop free while it works', async () => {
    using x = ones([4]);
    keepBusy();
    let turns = 0;
    let waiting = true;
    const turn = (): void => {
      turns++;
      if (waiting) setImmediate(turn);
    };
    turn();
    await x.data();
    waiting = false;
    assert.ok(turns > 2, `${turns} turns of the event loop`);
  });

  it('writes into a tensor only when commands before have read it', async () => {
    using x = tensor([1, 1]);
    keepBusy();
    using before = x.add(0);
    const read = x.data();
    x.set([2, 2]);
    using after = x.add(0);
    assert.deepEqual([...(await read), ...(await before.data()), ...(await after.data())], [1, 1, 1, 1, 2, 2]);
  });

  it('hands memory out again at once: order makes that safe', () =>
    leavesNothing(() => {
      using x = tensor([1, 2, 3, 4]);
      keepBusy();
      const first = x.mul(10);
      const second = first.add(1);
      first.dispose();
      const third = tensor([7, 7, 7, 7]); // where the first was
      assert.deepEqual([...second.dataSync()], [11, 21, 31, 41]);
      assert.deepEqual([...third.dataSync()], [7, 7, 7, 7]);
      second.dispose();
      third.dispose();
    }));

  it('takes far more commands than its bound on those that wait', () =>
    leavesNothing(async () => {
      keepBusy();
      let x = zeros([]);
      for (let i = 0; i < 70_000; i++) {
        const next = x.add(1);
        x.dispose();
        x = next;
      }
      assert.equal(await x.item(), 70_000);
      x.dispose();
    }));

  it('synchronize and fence wait for all of it', async () => {
    using x = zeros([2]);
    keepBusy();
    x.set([1, 2]);
    synchronize();
    keepBusy();
    await fence();
    assert.deepEqual([...x.dataSync()], [1, 2]);
  });
});
