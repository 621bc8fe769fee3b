import assert from 'node:assert/strict';
import { keep, memory, ones, scope, type Tensor, tensor, untracked, zeros } from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

describe('scope', () => {
  it('releases what was made and not returned', () =>
    leavesNothing(() => {
      const result = scope(() => {
        const x = ones([2]);
        const y = x.add(x.mul(2));
        return y;
      });
      assert.deepEqual([...result.dataSync()], [3, 3]);
      result.dispose();
    }));

  it('finds tensors in arrays, maps and plain objects, however deep', () =>
    leavesNothing(() => {
      const result = scope(() => {
        zeros([5]);
        return { list: [ones([1]), [ones([2])]], map: new Map([['a', { t: ones([3]) }]]), count: 3, none: null };
      });
      const [first, rest] = result.list as [Tensor, Tensor[]];
      const all = [first, ...rest, ...[...result.map.values()].map(({ t }) => t)];
      assert.deepEqual(
        all.map((t) => t.dataSync().length),
        [1, 2, 3],
      );
      for (const t of all) t.dispose();
    }));

  it('finds tensors in objects that point at each other', () =>
    leavesNothing(() => {
      interface Ring {
        next?: Ring;
        t?: Tensor;
      }
      const { t } = scope(() => {
        const ring: Ring = { t: ones([2]) };
        ring.next = { next: ring };
        return ring;
      });
      assert.equal(t?.disposed, false);
      t?.dispose();
    }));

  it('gives what an inner scope returns to the outer one', () =>
    leavesNothing(() => {
      scope(() => {
        const inner = scope(() => [ones([2]), ones([3])]);
        assert.ok(inner.every((t) => !t.disposed));
        scope(() => inner); // made outside: not this scope's to release or to give away
        assert.ok(inner.every((t) => !t.disposed));
      });
    }));

  it('leaves tensors from outside alone', () => {
    using outside = ones([2]);
    scope(() => {
      outside.add(1);
    });
    assert.equal(outside.disposed, false);
  });

  it('copes with tensors disposed inside', () =>
    leavesNothing(() => {
      scope(() => {
        const x = ones([2]);
        x.dispose();
        scope(() => ones([2])).dispose();
        const y = ones([2]);
        scope(() => y.dispose());
      });
    }));

  it('releases all when the function throws', () =>
    leavesNothing(() => {
      assert.throws(
        () =>
          scope(() => {
            ones([2]);
            scope(() => {
              ones([3]);
              throw new Error('inner');
            });
          }),
        /^Error: inner$/,
      );
      using after = ones([2]); // outside every scope again
      assert.equal(after.disposed, false);
    }));

  it('refuses an asynchronous function, and its promise troubles nobody', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    await leavesNothing(async () => {
      const run = () =>
        scope(async () => {
          const x = ones([2]);
          await null;
          return x.dataSync(); // released by now
        });
      assert.throws(run, {
        name: 'TypeError',
        message:
          /^Expected a synchronous function for scope but received one that returns a promise\. Return the tensors/,
      });
      await new Promise((resolve) => setTimeout(resolve, 1));
    });
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
  });

  it('does not grow in a loop that disposes nothing', () => {
    using x = ones([1000]);
    const step = () =>
      scope(() => {
        x.mul(2).add(x).sum();
      });
    step();
    const { live, cached } = memory();
    for (let i = 0; i < 1000; i++) step();
    assert.deepEqual([memory().live, memory().cached], [live, cached]);
  });
});

describe('keep and untracked', () => {
  it('keep lifts a tensor out of all scopes', () =>
    leavesNothing(() => {
      let kept: Tensor | undefined;
      scope(() => {
        scope(() => {
          kept = keep(ones([2]));
        });
      });
      assert.deepEqual([...(kept as Tensor).dataSync()], [1, 1]);
      kept?.dispose();
    }));

  it('keep leaves a tensor alone that no scope owns', () => {
    using t = ones([2]);
    assert.equal(
      scope(() => keep(t)),
      t,
    );
    assert.equal(t.disposed, false);
  });

  it('untracked makes tensors that no scope owns, though scopes work inside it', () =>
    leavesNothing(() => {
      const made: Tensor[] = [];
      scope(() => {
        untracked(() => {
          made.push(tensor([1]));
          made.push(scope(() => tensor([1]).add(tensor([2]))));
        });
      });
      assert.deepEqual(
        made.map((t) => t.itemSync()),
        [1, 3],
      );
      for (const t of made) t.dispose();
    }));
});
