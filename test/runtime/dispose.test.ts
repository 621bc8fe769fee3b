import assert from 'node:assert/strict';
import { F, memory, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

const GONE = {
  message: /^Expected a live tensor but received one that was disposed, a float32 tensor of shape \(2\)\./,
};

describe('dispose', () => {
  it('gives the bytes back at once, though the tensor is still being computed', () => {
    const before = memory().live;
    const x = zeros([1000]);
    const y = x.add(1);
    assert.equal(memory().live, before + 8000);
    y.dispose();
    assert.equal(memory().live, before + 4000);
    x.dispose();
    assert.equal(memory().live, before);
  });

  it('may be called twice', () =>
    leavesNothing(() => {
      const t = zeros([2]);
      assert.equal(t.disposed, false);
      t.dispose();
      t.dispose();
      assert.equal(t.disposed, true);
      assert.equal(String(t), 'Tensor(float32 (2), disposed)');
    }));

  it('gives the gradient back too', () =>
    leavesNothing(() => {
      const w = tensor([1, 2], undefined, { requiresGrad: true });
      scope(() => w.mul(w).sum().backward());
      const { grad } = w;
      w.dispose();
      assert.equal(grad?.disposed, true);
    }));

  it('leaves tensors of the same memory alone', () =>
    leavesNothing(() => {
      const x = tensor([1, 2, 3, 4]);
      const y = x.reshape([2, 2]);
      const z = y.detach();
      x.dispose();
      y.dispose();
      assert.deepEqual([...z.dataSync()], [1, 2, 3, 4]);
      z.dispose();
    }));

  it('is what `using` does at the end of a block, also when that throws', () =>
    leavesNothing(() => {
      assert.throws(() => {
        using t = zeros([2]);
        throw new Error(String(t.size));
      }, /^Error: 2$/);
    }));

  it('lets a read that was asked for before finish', async () => {
    const x = tensor([3, 4]);
    const y = x.mul(2);
    const reading = y.data();
    x.dispose();
    y.dispose();
    using next = tensor([9, 9]); // takes the memory
    assert.deepEqual([...(await reading)], [6, 8]);
    assert.deepEqual([...next.dataSync()], [9, 9]);
  });
});

describe('a disposed tensor', () => {
  const gone = (): Tensor => {
    const t = zeros([2], { requiresGrad: true });
    t.dispose();
    return t;
  };

  it('is refused by every op and method, in one sentence', () => {
    using other = zeros([2]);
    const uses: ((t: Tensor) => unknown)[] = [
      (t) => t.add(1),
      (t) => F.mul(other, t),
      (t) => F.cat([other, t], 0),
      (t) => t.reshape([1, 2]),
      (t) => t.detach(),
      (t) => t.set([1, 2]),
      (t) => t.dataSync(),
      (t) => t.backward(other),
      (t) => F.gelu(t),
    ];
    for (const use of uses) assert.throws(() => use(gone()), GONE, String(use));
  });

  it('rejects data()', () => assert.rejects(gone().data(), GONE));
});
