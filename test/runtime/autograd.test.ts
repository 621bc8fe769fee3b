import assert from 'node:assert/strict';
import { F, noGrad, ones, optim, scope, type Tensor, tensor } from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

const leaf = (...values: number[]): Tensor => tensor(values, undefined, { requiresGrad: true });
const gradOf = (t: Tensor): number[] | undefined => (t.grad && ([...t.grad.dataSync()] as number[])) || undefined;

/** Runs `fn`, in a scope, on leaves that are disposed afterwards; nothing may be left. */
function onLeaves(leaves: Tensor[], fn: (...leaves: Tensor[]) => void): void {
  scope(() => fn(...leaves));
  for (const t of leaves) t.dispose();
}

describe('backward', () => {
  it('adds to the gradients that are there', () =>
    leavesNothing(() => {
      onLeaves([leaf(1, 2)], (w) => {
        for (let i = 1; i <= 3; i++) {
          w.mul(w).sum().backward();
          assert.deepEqual(gradOf(w), [2 * i, 4 * i]);
        }
      });
    }));

  it('adds up what comes by several ways: a diamond', () =>
    leavesNothing(() => {
      onLeaves([leaf(3)], (x) => {
        const top = x.mul(x); // x^2
        const left = top.mul(5);
        const right = top.mul(top); // x^4
        left.add(right).add(top).backward(); // 5 x^2 + x^4 + x^2
        assert.deepEqual(gradOf(x), [12 * 3 + 4 * 27]);
      });
    }));

  it('adds up for a tensor used twice by one op', () =>
    leavesNothing(() => {
      onLeaves([leaf(1, 2), leaf(1, 2, 3, 4)], (x, w) => {
        x.add(x).sum().backward();
        assert.deepEqual(gradOf(x), [2, 2]);
        F.cat([x, x, x], 0).sum().backward();
        assert.deepEqual(gradOf(x), [5, 5]);
        const square = w.reshape([2, 2]);
        square.matmul(square).sum().backward(); // column sums of W^T + row sums of W^T
        assert.deepEqual(gradOf(w), [1 + 2 + 1 + 3, 3 + 4 + 1 + 3, 1 + 2 + 2 + 4, 3 + 4 + 2 + 4]);
      });
    }));

  it('runs each node once, after all that depends on it', () =>
    leavesNothing(() => {
      onLeaves([leaf(1)], (x) => {
        let y = x;
        for (let i = 0; i < 30; i++) y = y.add(y); // 2^30 ways
        y.backward();
        assert.deepEqual(gradOf(x), [2 ** 30]);
      });
    }));

  it('starts from the gradient that is given, and leaves it alone', () =>
    leavesNothing(() => {
      onLeaves([leaf(1, 2)], (x) => {
        const gradient = tensor([10, 100]);
        x.mul(3).backward(gradient);
        assert.deepEqual(gradOf(x), [30, 300]);
        x.backward(gradient); // adds to the leaf itself
        assert.deepEqual(gradOf(x), [40, 400]);
        assert.deepEqual([...gradient.dataSync()], [10, 100]);
      });
    }));

  it('of a leaf gives it the gradient 1', () =>
    leavesNothing(() => {
      onLeaves([leaf(5)], (x) => {
        x.backward();
        x.backward();
        assert.deepEqual(gradOf(x), [2]);
      });
    }));

  it('stops at detach, noGrad and tensors that require no gradient', () =>
    leavesNothing(() => {
      onLeaves([leaf(2), tensor([4])], (x, constant) => {
        const y = x
          .mul(x.detach())
          .add(noGrad(() => x.mul(x)))
          .mul(constant);
        y.backward();
        assert.deepEqual(gradOf(x), [8]);
        assert.equal(constant.grad, null);
        assert.equal(y.grad, null); // results keep none
      });
    }));

  it('needs no tensor between the leaves and the result', () =>
    leavesNothing(() => {
      onLeaves([leaf(3)], (x) => {
        const y = x.mul(x);
        const z = y.mul(y);
        y.dispose();
        z.backward();
        assert.deepEqual(gradOf(x), [4 * 27]);
      });
    }));
});

describe('gradients that are passed through', () => {
  it('are each leaf its own: changing one in place changes no other', () =>
    leavesNothing(() => {
      onLeaves([leaf(0, 0), leaf(0, 0), leaf(0, 0)], (a, b, c) => {
        const gradient = tensor([3, 4]);
        a.add(b)
          .add(c.reshape([2]))
          .backward(gradient);
        a.grad?.set([7, 7]);
        assert.deepEqual(
          [gradOf(b), gradOf(c), [...gradient.dataSync()]],
          [
            [3, 4],
            [3, 4],
            [3, 4],
          ],
        );
      });
    }));

  it('are clipped once', () =>
    leavesNothing(() => {
      onLeaves([leaf(0, 0), leaf(0, 0)], (a, b) => {
        a.add(b).sum().backward(); // the norm is 2
        optim.clipGradNorm([a, b], 1);
        for (const t of [a, b])
          for (const value of gradOf(t) ?? []) assert.ok(Math.abs(value - 0.5) < 1e-5, String(value));
      });
    }));

  it('are copied before something is added to them', () =>
    leavesNothing(() => {
      onLeaves([leaf(1, 1), leaf(1, 1)], (a, b) => {
        const sum = a.add(b); // both get the same gradient, then a gets more
        sum.add(a.mul(10)).sum().backward();
        assert.deepEqual(
          [gradOf(a), gradOf(b)],
          [
            [11, 11],
            [1, 1],
          ],
        );
        sum.detach().add(b).sum().backward();
        assert.deepEqual(
          [gradOf(a), gradOf(b)],
          [
            [11, 11],
            [2, 2],
          ],
        );
      });
      onLeaves([tensor([[1, 1]], [1, 2], { requiresGrad: true }), leaf(1, 1)], (a, b) => {
        const product = F.linear(a, tensor([[10, 10]])); // walked after the sum, adds to its gradient in place
        const total = a.reshape([2]).add(b).sum();
        total.add(product.sum()).backward();
        assert.deepEqual(
          [gradOf(a), gradOf(b)],
          [
            [11, 11],
            [1, 1],
          ],
        );
      });
    }));
});

describe('backward, used wrongly', () => {
  it('twice on one graph is an error; the first gradients stay', () =>
    leavesNothing(() => {
      onLeaves([leaf(3)], (x) => {
        const y = x.mul(x).mul(2);
        y.backward();
        assert.throws(() => y.backward(), {
          message:
            /^Expected a graph that backward\(\) has not walked yet but mul has released .* Run the forward pass again/,
        });
        assert.deepEqual(gradOf(x), [12]);
      });
    }));

  it('on several elements needs a gradient, of their shape and dtype', () =>
    leavesNothing(() => {
      onLeaves([leaf(1, 2)], (x) => {
        const y = x.mul(2);
        const cases: [Tensor | undefined, RegExp][] = [
          [
            undefined,
            /^Expected a gradient for backward\(\) on a float32 tensor of shape \(2\) but received undefined\./,
          ],
          [ones([3]), /^Expected a float32 gradient of shape \(2\) .* received a float32 tensor of shape \(3\)/],
          [ones([2], { dtype: 'int32' }), /^Expected a float32 gradient of shape \(2\) .* received a int32 tensor/],
          [3 as unknown as Tensor, /^Expected a float32 gradient of shape \(2\) .* received 3/],
        ];
        for (const [gradient, message] of cases)
          assert.throws(() => y.backward(gradient), { name: 'TypeError', message });
        assert.equal(x.grad, null);
        y.backward(ones([2])); // still to be had
        assert.deepEqual(gradOf(x), [2, 2]);
      });
    }));

  it('on what requires no gradient is an error', () => {
    using x = tensor([1]);
    assert.throws(() => x.backward(), {
      message:
        /^Expected a result of tensors that require gradients for backward\(\) .* Set requiresGrad on its inputs\./,
    });
  });

  it('on a disposed result is an error', () =>
    leavesNothing(() => {
      onLeaves([leaf(1)], (x) => {
        const y = x.mul(2);
        y.dispose();
        assert.throws(() => y.backward(), /Expected a live tensor but received one that was disposed/);
      });
    }));

  it('notices that a saved tensor was changed in place since', () => {
    const changes: ((w: Tensor) => void)[] = [
      (w) => w.set([7]),
      (w) => {
        using optimizer = { sgd: new optim.SGD([w], { lr: 1 }), [Symbol.dispose]: () => optimizer.sgd.dispose() };
        w.grad = ones([1]);
        optimizer.sgd.step();
      },
    ];
    for (const change of changes) {
      onLeaves([leaf(3)], (w) => {
        const y = w.mul(w);
        change(w);
        assert.throws(() => y.backward(), {
          message:
            /^Expected what mul saved for backward to be unchanged but a float32 tensor of shape \(1\) was modified/,
        });
      });
    }
  });

  it('does not mind a change of what was not saved', () => {
    onLeaves([leaf(3)], (w) => {
      const y = w.add(1);
      w.set([7]);
      y.backward();
      assert.deepEqual(gradOf(w), [1]);
    });
  });
});
