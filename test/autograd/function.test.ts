import assert from 'node:assert/strict';
import { autograd, F, noGrad, ones, type Tensor, tensor } from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';
import { leaf, onLeaves, valuesOf } from './leaves.js';

type Context = autograd.FunctionContext;

/** a * x + b with a number a. */
class Affine extends autograd.Function {
  static forward(ctx: Context & { factor?: number }, x: Tensor, factor: number, b: Tensor): Tensor {
    ctx.factor = factor;
    return x.mul(factor).add(b);
  }
  static backward(ctx: Context & { factor?: number }, dy: Tensor): (Tensor | null)[] {
    return [ctx.needsInputGrad[0] ? dy.mul(ctx.factor ?? Number.NaN) : null, null, dy];
  }
}

class Exp extends autograd.Function {
  static forward(ctx: Context, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }
  static backward(ctx: Context, dy: Tensor): Tensor {
    const [y] = ctx.savedTensors;
    return dy.mul(y);
  }
}

/** x and its square, and which elements are positive. */
class Powers extends autograd.Function {
  static seen: (number[] | undefined)[] = [];
  static forward(ctx: Context & { zeros?: boolean }, x: Tensor, zeros: boolean): Tensor[] {
    ctx.saveForBackward(x);
    ctx.setMaterializeGrads(zeros);
    const sign = x.mul(0).add(1);
    ctx.markNonDifferentiable(sign);
    return [x, x.mul(x), sign];
  }
  static backward(ctx: Context, dx: Tensor, dsquare: Tensor | undefined, dsign: Tensor | undefined): (Tensor | null)[] {
    Powers.seen = [dx, dsquare, dsign].map((dy) => valuesOf(dy ?? null));
    const [x] = ctx.savedTensors;
    return [dsquare === undefined ? dx : dx.add(dsquare.mul(x).mul(2)), null];
  }
}

/** A function of x whose backward gives `result`. */
function giving(result: unknown): (x: Tensor) => Tensor {
  class Wrong extends autograd.Function {
    static forward(_: Context, x: Tensor): Tensor {
      return x.mul(2);
    }
    static backward(_: Context, dy: Tensor): Tensor {
      return (typeof result === 'function' ? result(dy) : result) as Tensor;
    }
  }
  return (x) => Wrong.apply(x);
}

describe('Function', () => {
  returnsMemory();

  it('differentiates as its backward says, numbers among its arguments', () => {
    onLeaves([leaf(1, 2), leaf(10, 20)], (x, b) => {
      const y = Affine.apply(x, 3, b);
      assert.deepEqual(valuesOf(y), [13, 26]);
      y.mul(tensor([1, 2]))
        .sum()
        .backward();
      assert.deepEqual([valuesOf(x.grad), valuesOf(b.grad)], [[3, 6], [1, 2]]); // biome-ignore format: a row
    });
  });

  it('is not asked for gradients that nobody wants', () => {
    onLeaves([leaf(1, 2)], (b) => {
      Affine.apply(tensor([1, 2]), 3, b)
        .sum()
        .backward();
      assert.deepEqual(valuesOf(b.grad), [1, 1]);
      assert.equal(noGrad(() => Affine.apply(b, 3, b)).requiresGrad, false);
    });
  });

  it('saves tensors for backward, which notices when they are modified', () => {
    onLeaves([leaf(1, 2)], (x) => {
      const expected = valuesOf(x.exp());
      const y = Exp.apply(x);
      y.sum().backward({ retainGraph: true });
      assert.deepEqual(valuesOf(x.grad), expected);
      y.set([0, 0]);
      assert.throws(() => y.sum().backward(), /what Exp saved for backward to be unchanged/);
    });
  });

  it('may have several results, some without gradients, and gets zeros or undefined for what nothing came from', () => {
    onLeaves([leaf(3)], (x) => {
      const [same, square, sign] = Powers.apply(x, true);
      assert.notEqual(same, x);
      assert.equal(sign.requiresGrad, false);
      same.mul(5).backward();
      assert.deepEqual(Powers.seen, [[5], [0], [0]]);
      assert.deepEqual([valuesOf(x.grad), valuesOf(square)], [[5], [9]]);
      Powers.apply(x, false)[0].backward();
      assert.deepEqual(Powers.seen, [[1], undefined, undefined]);
    });
  });

  it('works inside a checkpoint, with hooks, in grad and twice over a retained graph', () => {
    onLeaves([leaf(1, 2)], (x) => {
      const y = F.checkpoint((t) => Exp.apply(t).mul(2), x);
      const [first] = autograd.grad(y.sum(), x, { retainGraph: true });
      y.registerHook((dy) => dy.mul(10));
      y.sum().backward();
      assert.deepEqual(valuesOf(x.grad), valuesOf(first.mul(10)));
    });
  });

  it('refuses gradients of a wrong number, shape or kind', () => {
    onLeaves([leaf(1, 2)], (x) => {
      const backward = (result: unknown) => () => giving(result)(x).sum().backward();
      assertBadInput(backward([ones([2]), ones([2])]), /1 gradients, one for each argument .* received 2\./);
      assertBadInput(backward([]), /1 gradients, .* received 0/);
      assertBadInput(backward(ones([3])), /shape \(2\), for the result of Wrong.backward for argument 0 .*\(3\)/);
      assertBadInput(backward(3), /null, or a float32 tensor of shape \(2\)/);
      assert.throws(backward(Promise.resolve()), /synchronous function for Wrong.backward/);
      assert.throws(
        backward((dy: Tensor) => dy.set([0, 0])),
        /Wrong.backward to leave the gradients as they are/,
      );
      assert.equal(x.grad, null);
      giving(undefined)(x).sum().backward(); // no gradient at all is one way to say zero
      assert.equal(x.grad, null);
    });
  });

  it('refuses a gradient for what is no tensor, and a forward that gives none or modifies its arguments', () => {
    class Numbers extends autograd.Function {
      static forward(_: Context, x: Tensor, way: string): Tensor {
        if (way === 'modify') x.set([0, 0]);
        return way === 'none' ? (3 as unknown as Tensor) : x.mul(1);
      }
      static backward(_: Context, dy: Tensor): Tensor[] {
        return [dy, dy];
      }
    }
    onLeaves([leaf(1, 2)], (x) => {
      assertBadInput(
        () => Numbers.apply(x, '').sum().backward(),
        /null .* for argument 1 .* That argument is no tensor/,
      );
      assertBadInput(
        () => Numbers.apply(x, 'none'),
        /a tensor or an array of tensors for the result of Numbers.forward/,
      );
      assert.throws(() => Numbers.apply(x, 'modify'), /Numbers.forward to leave its arguments as they are/);
      const apply = autograd.Function.apply as unknown as (x: Tensor) => Tensor;
      assertBadInput(() => apply.call(class Empty {}, x), /a static forward for Empty.apply but received undefined/);
    });
  });
});
