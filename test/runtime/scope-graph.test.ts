import assert from 'node:assert/strict';
import { keep, memory, noGrad, ones, scope, type Tensor, untracked } from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

/** An op whose graph saves memory for backward: x and w. */
const square = (x: Tensor): Tensor => x.mul(x);

describe('a graph in a scope', () => {
  it('gives back what it saved when nobody can walk it any more', () =>
    leavesNothing(() => {
      using w = ones([100], { requiresGrad: true });
      scope(() => {
        square(square(w));
      });
    }));

  it('gives it back at the end of the inner scope, not of the outermost', () => {
    using w = ones([100], { requiresGrad: true });
    const live: number[] = [];
    scope(() => {
      for (let i = 0; i < 3; i++) {
        scope(() => {
          square(square(w));
        });
        live.push(memory().live);
      }
    });
    assert.equal(new Set(live).size, 1);
  });

  it('can be walked as long as its result is returned or kept, from scope to scope', () => {
    const routes: ((make: () => Tensor) => Tensor)[] = [
      (make) => scope(() => scope(make)),
      (make) => {
        let kept: Tensor | undefined;
        scope(() => {
          scope(() => {
            kept = keep(make());
          });
        });
        return kept as Tensor;
      },
      // A middle part that no scope owns.
      (make) =>
        scope(() => {
          const inner = make();
          using middle = untracked(() => inner.mul(1));
          return middle.mul(1);
        }),
    ];
    for (const route of routes) {
      const w = ones([3], { requiresGrad: true });
      const y = route(() => square(square(w)).sum()); // the sum of w^4
      y.backward();
      assert.deepEqual([...(w.grad as Tensor).dataSync()], [4, 4, 4], String(route));
      y.dispose();
      w.dispose();
    }
  });

  it('does not grow in a loop of forward passes without backward', () => {
    using w = ones([1000], { requiresGrad: true });
    const before = memory().live;
    scope(() => {
      for (let i = 0; i < 100; i++) scope(() => square(square(w)).sum().dispose());
      assert.equal(memory().live, before);
    });
  });

  it('can be walked by a backward inside it; the gradient outlives it', () =>
    leavesNothing(() => {
      const w = ones([2], { requiresGrad: true });
      scope(() => {
        square(w).sum().backward();
      });
      assert.deepEqual([...(w.grad as Tensor).dataSync()], [2, 2]);
      w.dispose();
    }));
});

describe('noGrad', () => {
  it('records nothing, also in nested calls and after an exception', () =>
    leavesNothing(() => {
      using w = ones([2], { requiresGrad: true });
      using y = noGrad(() => {
        assert.throws(() =>
          noGrad(() => {
            throw new Error('inner');
          }),
        );
        return square(w);
      });
      assert.equal(y.requiresGrad, false);
      assert.ok(scope(() => square(w).requiresGrad));
    }));
});
