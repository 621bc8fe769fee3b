import assert from 'node:assert/strict';
import { Capture, F, grad, keep, noGrad, ones, type Tensor, tensor } from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';
import { leaf, onLeaves, valuesOf } from './leaves.js';

describe('registerHook', () => {
  returnsMemory();

  it('shows the whole gradient of a computed tensor once, and goes on with what it returns', () => {
    onLeaves([leaf(2)], (x) => {
      const seen: unknown[] = [];
      const y = x.mul(3);
      y.registerHook((dy) => {
        seen.push(valuesOf(dy));
      });
      y.registerHook((dy) => dy.mul(10));
      y.registerHook((dy) => void seen.push(valuesOf(dy)));
      y.mul(y).add(y).backward();
      assert.deepEqual(seen, [[13], [130]]);
      assert.deepEqual(valuesOf(x.grad), [390]);
    });
  });

  it('of a leaf sees the sum of one walk, before it is added to grad', () => {
    onLeaves([leaf(2)], (x) => {
      const seen: unknown[] = [];
      x.registerHook((dx) => {
        seen.push(valuesOf(dx));
        return dx.mul(100);
      });
      for (let i = 0; i < 2; i++) x.mul(x).add(x).backward();
      assert.deepEqual(seen, [[5], [5]]);
      assert.deepEqual(valuesOf(x.grad), [1000]);
      assert.deepEqual(valuesOf(grad(x.mul(3), x)[0]), [300]);
    });
  });

  it('is gone after remove, others stay', () => {
    onLeaves([leaf(2)], (x) => {
      const tenfold = x.registerHook((dx) => dx.mul(10));
      x.registerHook((dx) => dx.add(1));
      x.mul(3).backward();
      tenfold.remove();
      tenfold.remove();
      x.mul(3).backward();
      assert.deepEqual(valuesOf(x.grad), [31 + 4]);
    });
  });

  it('may keep the gradient it saw', () => {
    onLeaves([leaf(2, 2)], (x) => {
      const y = x.mul(3);
      let kept: Tensor | undefined;
      y.registerHook((dy) => {
        kept = keep(dy);
      });
      y.add(x).sum().backward();
      assert.deepEqual(valuesOf(kept ?? null), [1, 1]);
      assert.deepEqual(valuesOf(x.grad), [4, 4]);
      kept?.dispose();
    });
  });

  it('runs in a checkpoint: on its argument, its result, what it reads and what it computes', () => {
    onLeaves([leaf(2), leaf(5)], (x, w) => {
      const seen: string[] = [];
      const note = (name: string) => (dy: Tensor) => {
        seen.push(`${name} ${valuesOf(dy)}`);
        return dy.mul(2);
      };
      const inner = x.mul(1);
      inner.registerHook(note('argument'));
      w.registerHook(note('weight'));
      const y = F.checkpoint((t) => {
        const product = t.mul(w);
        product.registerHook(note('inside'));
        return product.mul(3);
      }, inner);
      y.registerHook(note('result'));
      y.backward();
      assert.deepEqual(seen, ['result 1', 'inside 6', 'argument 60', 'weight 24']);
      assert.deepEqual([valuesOf(x.grad), valuesOf(w.grad)], [[120], [48]]);
    });
  });

  it('is part of a captured function: its ops run at each replay', () => {
    onLeaves([leaf(2)], (x) => {
      let calls = 0;
      const handle = x.registerHook((dx) => {
        calls++;
        return dx.mul(10);
      });
      const step = new Capture(() => grad(x.mul(x), x)[0]);
      x.set([7]);
      step.replay();
      assert.deepEqual([valuesOf(step.result), calls], [[140], 1]);
      handle.remove();
      step.dispose();
    });
  });

  it('refuses other results, changes in place, and tensors without gradients; what it throws comes out of backward', () => {
    onLeaves([leaf(1, 2)], (x) => {
      const failing = (hook: (dx: Tensor) => unknown): void => {
        const handle = x.registerHook(hook as (dx: Tensor) => Tensor);
        try {
          x.mul(x).sum().backward();
        } finally {
          handle.remove();
        }
      };
      assertBadInput(() => failing(() => ones([3])), /a float32 gradient of shape \(2\), for the result of a hook/);
      assertBadInput(() => failing(() => 3), /undefined, or a float32 gradient .* received 3/);
      assert.throws(() => failing(async () => undefined), /synchronous function for a hook/);
      assert.throws(() => failing((dx) => void dx.set([0, 0])), /a hook to leave the gradient as it is/);
      assert.throws(() => failing(() => assert.fail('thrown by the hook')), /thrown by the hook/);
      assertBadInput(() => tensor([1]).registerHook(() => undefined), /a tensor that requires a gradient/);
      assertBadInput(() => noGrad(() => x.mul(2)).registerHook(() => undefined), /a tensor that requires a gradient/);
    });
  });
});

describe('retainGrad', () => {
  returnsMemory();

  it('has a computed tensor keep its gradient, after its hooks, and add to it', () => {
    onLeaves([leaf(2)], (x) => {
      const y = x.mul(3);
      y.retainGrad();
      y.registerHook((dy) => dy.mul(10));
      const z = y.mul(y);
      z.backward({ retainGraph: true });
      assert.deepEqual(valuesOf(y.grad), [120]);
      z.backward({ inputs: [y] });
      assert.deepEqual([valuesOf(y.grad), valuesOf(x.grad)], [[240], [360]]);
    });
  });

  it('gives memory of its own', () => {
    onLeaves([leaf(2)], (x) => {
      const y = x.mul(1);
      y.retainGrad();
      y.add(1).backward();
      y.grad?.set([9]);
      assert.deepEqual(valuesOf(x.grad), [1]);
    });
  });

  it('of a leaf changes nothing; without a gradient it is an error', () => {
    onLeaves([leaf(2)], (x) => {
      x.retainGrad();
      x.mul(2).backward();
      assert.deepEqual(valuesOf(x.grad), [2]);
      assertBadInput(() => tensor([1]).retainGrad(), /a tensor that requires a gradient for retainGrad/);
    });
  });
});
