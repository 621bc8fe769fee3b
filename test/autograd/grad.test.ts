import assert from 'node:assert/strict';
import { F, grad, noGrad, ones, tensor } from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';
import { leaf, onLeaves, valuesOf } from './leaves.js';

describe('grad', () => {
  returnsMemory();

  it('gives gradients of leaves and of computed tensors, and leaves every grad alone', () => {
    onLeaves([leaf(1, 2), leaf(3, 4)], (x, w) => {
      const y = x.mul(w);
      const z = y.mul(y).sum();
      const [dx, dy, dz] = grad(z, [x, y, z], { retainGraph: true });
      assert.deepEqual(valuesOf(dx), [18, 64]);
      assert.deepEqual(valuesOf(dy), [6, 16]);
      assert.deepEqual(valuesOf(dz), [1]);
      assert.deepEqual([x.grad, w.grad, y.grad], [null, null, null]);
      w.grad = ones([2]);
      assert.deepEqual(valuesOf(grad(z, w)[0]), [6, 32]);
      assert.deepEqual(valuesOf(w.grad), [1, 1]);
    });
  });

  it('gives each result memory of its own', () => {
    onLeaves([leaf(1, 1), leaf(1, 1)], (a, b) => {
      const given = tensor([3, 4]);
      const [da, db, again] = grad(a.add(b), [a, b, a], { gradOutputs: given });
      da.set([7, 7]);
      for (const other of [db, again, given]) assert.deepEqual(valuesOf(other), [3, 4]);
    });
  });

  it('adds up what comes from several outputs', () => {
    onLeaves([leaf(1, 2)], (x) => {
      const doubled = x.mul(2);
      const square = x.mul(x).sum();
      const [dx] = grad([doubled, square], [x], { gradOutputs: [tensor([1, 10]), undefined] });
      assert.deepEqual(valuesOf(dx), [2 + 2, 20 + 4]);
    });
  });

  it('walks what leads to the inputs alone: the rest may be walked yet', () => {
    onLeaves([leaf(2), leaf(3)], (x, w) => {
      const left = x.mul(x);
      const right = w.mul(w);
      const z = left.add(right);
      assert.deepEqual(valuesOf(grad(z, x)[0]), [4]);
      right.backward(); // not released
      assert.deepEqual(valuesOf(w.grad), [6]);
      assert.throws(() => left.backward(), /mul has released what it saved\. .* retainGraph: true\.$/);
    });
  });

  it('goes through a checkpoint, to its argument or to what its function reads', () => {
    onLeaves([leaf(2), leaf(3)], (x, w) => {
      const inner = x.mul(1);
      const y = F.checkpoint((t) => t.mul(t).mul(w), inner);
      const ofInner = grad(y, [inner], { retainGraph: true });
      assert.deepEqual(valuesOf(ofInner[0]), [12]);
      assert.deepEqual(grad(y, [w, x], { retainGraph: true }).map(valuesOf), [[4], [12]]);
      y.backward(); // the recomputed parts are of each walk alone
      assert.deepEqual([valuesOf(x.grad), valuesOf(w.grad)], [[12], [4]]);
    });
  });

  it('of an input without a part in the outputs is an error, null or zeros', () => {
    onLeaves([leaf(1), leaf(2, 3)], (x, other) => {
      const options = { retainGraph: true };
      const y = x.mul(x);
      assert.throws(() => grad(y, [x, other], options), {
        message: /^Expected inputs that the outputs of grad are computed from but input 1 has no part in them\. .*/,
      });
      const [dx, none] = grad(y, [x, other], { ...options, allowUnused: true });
      assert.deepEqual([valuesOf(dx), none], [[2], null]);
      const [, zeros] = grad(y, [x, other], { materializeGrads: true });
      assert.deepEqual(valuesOf(zeros), [0, 0]);
    });
  });

  it('refuses what requires no gradient, gradients that do not fit, and second derivatives', () => {
    onLeaves([leaf(1, 2)], (x) => {
      const y = x.mul(2);
      assertBadInput(
        () =>
          grad(
            noGrad(() => x.mul(2)),
            x,
          ),
        /tensors that require gradients for grad outputs/,
      );
      assertBadInput(() => grad(y, ones([2])), /tensors that require gradients for grad inputs/);
      assertBadInput(() => grad(y, []), /for grad inputs but received \[\]/);
      assertBadInput(() => grad(y, x), /a gradient for grad on a float32 tensor of shape \(2\) .*single element/);
      assertBadInput(() => grad(y, x, { gradOutputs: ones([3]) }), /a float32 gradient of shape \(2\) for grad/);
      assertBadInput(() => grad(y, x, { gradOutputs: [ones([2]), ones([2])] }), /1 gradients, one for each output,/);
      const second = { createGraph: true } as unknown as { createGraph: false };
      assertBadInput(() => grad(y, x, second), /createGraph: false for grad .* Second derivatives are not computed\./);
      assertBadInput(() => y.backward(second), /createGraph: false for backward\(\).*Second derivatives/);
      y.backward(ones([2])); // still to be had
    });
  });
});

describe('backward with options', () => {
  returnsMemory();

  it('keeps the graph with retainGraph, and adds the same gradients again', () => {
    onLeaves([leaf(3)], (x) => {
      const y = x.mul(x).mul(x);
      y.backward({ retainGraph: true });
      y.backward({ retainGraph: true, gradient: tensor([10]) });
      assert.deepEqual(valuesOf(x.grad), [27 * 11]);
      y.backward();
      assert.deepEqual(valuesOf(x.grad), [27 * 12]);
      assert.throws(() => y.backward(), /has released what it saved/);
    });
  });

  it('notices between two walks that what was saved is modified', () => {
    onLeaves([leaf(3)], (x) => {
      const y = x.mul(x);
      y.backward({ retainGraph: true });
      x.set([4]);
      assert.throws(() => y.backward(), /was modified in place/);
    });
  });

  it('adds to the grad of the given inputs alone, computed ones as well', () => {
    onLeaves([leaf(2), leaf(5)], (x, w) => {
      const y = x.mul(w);
      const z = y.mul(y);
      z.backward({ inputs: [y, x], retainGraph: true });
      z.backward({ inputs: [y] });
      assert.deepEqual([valuesOf(y.grad), valuesOf(x.grad), w.grad], [[40], [100], null]);
    });
  });

  it('gives inputs that share a gradient one each', () => {
    onLeaves([leaf(1), leaf(2)], (a, b) => {
      const sum = a.add(b);
      sum.mul(3).backward({ inputs: [sum, a] });
      sum.grad?.set([7]);
      assert.deepEqual(valuesOf(a.grad), [3]);
    });
  });
});
