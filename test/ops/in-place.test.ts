import assert from 'node:assert/strict';
import {
  autograd,
  Capture,
  enableGrad,
  F,
  fence,
  grad,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../lib/index.js';
import { assertBadInput, assertSameBits, checkOp, fromRef, returnsMemory } from '../native-op.js';
import { map, type Ref, zeros as zeroRef } from '../reference/array.js';
import { BINARY, type Binary, binary, binaryBackward } from '../reference/binary.js';
import { generator, normal, uniform } from '../reference/random.js';
import { UNARY, unary, unaryBackward } from '../reference/unary.js';

const numbers = (x: Tensor | null): number[] => [...(x ?? zeros([0])).dataSync()];
const leaf = (...values: number[]): Tensor => tensor(values, undefined, { requiresGrad: true });
const refuses = (fn: () => unknown, says: RegExp): void => assert.throws(() => scope(fn), says);

const ARITHMETIC: Record<'add_' | 'sub_' | 'mul_' | 'div_', Required<Binary>> = {
  add_: { forward: (a, b) => a + b, slopes: () => [1, 1] },
  sub_: BINARY.sub,
  mul_: { forward: (a, b) => a * b, slopes: (a, b) => [b, a] },
  div_: BINARY.div,
};

const SHAPES: [number[], number[]][] = [
  [[], []],
  [[197], []],
  [
    [3, 211, 17],
    [211, 1],
  ],
  [
    [7, 5, 17],
    [7, 5, 17],
  ],
  [
    [0, 7],
    [1, 7],
  ],
];

describe('changes in place', () => {
  returnsMemory();

  for (const [name, op] of Object.entries(ARITHMETIC)) {
    const method = name as keyof typeof ARITHMETIC;
    for (const [shapeA, shapeB] of SHAPES) {
      it(`${name} broadcasts (${shapeB}) into (${shapeA}), with the reference's gradients`, () => {
        const random = generator(1);
        const [a, b] = [uniform(shapeA, random, 0.5, 3), uniform(shapeB, random, 0.5, 3)];
        const dy = normal(shapeA, random);
        const bound = a.data.length > 10_000 ? 1e-4 : 1e-5; // sums of more than 1,000 terms
        const run = (t: { a: Tensor; b: Tensor }): Tensor => t.a.clone()[method](t.b);
        checkOp({ inputs: { a, b }, run, y: binary(op, a, b), dy, gradients: binaryBackward(op, dy, a, b), bound });
      });
    }
  }

  for (const factor of ['mul_', 'div_'] as const) {
    it(`${factor} of a tensor by itself has the gradient of both`, () => {
      const x = uniform([197], generator(2), 0.5, 3);
      const dy = normal([197], generator(3));
      const { da, db } = binaryBackward(ARITHMETIC[factor], dy, x, x);
      const run = (t: { x: Tensor }): Tensor => {
        const y = t.x.clone();
        return y[factor](y.reshape([197]));
      };
      const dx = map(da, (value, i) => value + db.data[i]);
      checkOp({ inputs: { x }, run, y: binary(ARITHMETIC[factor], x, x), dy, gradients: { dx }, cancels: ['x'] });
    });
  }

  it('copy_ and fill_ give their source the sum of what it was copied to, and the rest 0', () => {
    const random = generator(4);
    const [a, b] = [normal([5, 1], random), normal([], random)];
    const dy = normal([2, 5, 7], random);
    const da = zeroRef([5, 1]);
    for (const [i, value] of dy.data.entries()) da.data[Math.floor(i / 7) % 5] += value;
    const y: Ref = { shape: [2, 5, 7], data: dy.data.map((_, i) => a.data[Math.floor(i / 7) % 5]) };
    const run = (t: { a: Tensor; b: Tensor }): Tensor => t.b.expand([2, 5, 7]).fill_(t.b).copy_(t.a);
    checkOp({ inputs: { a, b }, run, y, dy, gradients: { da, db: zeroRef([]) } });
  });

  it('clamp_ holds within the bounds, with the reference gradient', () => {
    const random = generator(5);
    const [x, dy] = [normal([3, 1001], random), normal([3, 1001], random)];
    const run = (t: { x: Tensor }): Tensor => t.x.clone().clamp_({ min: -1, max: 0.5 });
    const gradients = { dx: unaryBackward(UNARY.clamp, dy, x, -1, 0.5) };
    checkOp({ inputs: { x }, run, y: unary(UNARY.clamp, x, -1, 0.5), dy, gradients });
  });

  it('give the tensor itself back, changed, and its other shapes with it', () => {
    scope(() => {
      const x = tensor([1, 2, 3, 4], [2, 2]);
      const flat = x.reshape([4]);
      assert.equal(x.add_(1).sub_(0.5).mul_(2).div_(4), x);
      assert.deepEqual(numbers(flat), [0.75, 1.25, 1.75, 2.25]);
      flat.copy_(tensor([5, 6, 7, 8]));
      assert.deepEqual(numbers(x), [5, 6, 7, 8]);
      assert.deepEqual(numbers(x.fill_(-Infinity)), new Array(4).fill(-Infinity));
      assert.deepEqual(numbers(flat.zero_()), [0, 0, 0, 0]);
      assert.equal(x.requiresGrad, false);
    });
  });

  it('of int32 wrap around, and copy_ leaves out what is after the point', () => {
    scope(() => {
      const x = tensor(Int32Array.of(1, -2, 2 ** 31 - 1));
      const data: Int32Array = x
        .add_(1)
        .mul_(tensor(Int32Array.of(2, 3, 1)))
        .dataSync();
      assert.deepEqual(data, Int32Array.of(4, -3, -(2 ** 31)));
      assert.deepEqual(numbers(x.clamp_({ min: -2, max: 3 })), [3, -2, -2]);
      assert.deepEqual(numbers(x.copy_(tensor([1.75, -1.75, 3]))), [1, -1, 3]);
      assert.deepEqual(numbers(ones([3]).add_(x)), [2, 0, 4]);
      assert.deepEqual(numbers(ones([3]).copy_(x)), [1, -1, 3]);
      assert.deepEqual(numbers(x.fill_(7).sub_(x)), [0, 0, 0]);
    });
  });

  it('refuse what does not fit into the target', () => {
    const ints = (): Tensor => tensor(Int32Array.of(1, 2));
    assertBadInput(() => zeros([2]).add_(zeros([3])), /an operand that broadcasts to \(2\) for add_ .*\(3\)/);
    assertBadInput(() => zeros([2]).mul_(zeros([1, 2])), /broadcasts to \(2\) for mul_ .*\(1,2\)/);
    assertBadInput(() => zeros([1]).copy_(zeros([2])), /broadcasts to \(1\) for copy_/);
    assertBadInput(() => ints().add_(0.5), /an int32 tensor or a whole number for add_ .*0\.5.*target is int32/);
    assertBadInput(() => ints().sub_(ones([2])), /an int32 tensor or a whole number for sub_/);
    assertBadInput(() => ints().div_(2), /a float32 tensor for div_/);
    assertBadInput(() => ints().fill_(0.5), /a whole number of 32 bits for fill_ on int32 .*0\.5/);
    assertBadInput(() => ints().clamp_({ min: 0.5 }), /whole bounds for clamp_ on int32/);
    assertBadInput(() => zeros([2]).clamp_({}), /min, max or both for clamp_/);
    assertBadInput(() => zeros([2]).fill_(zeros([2])), /shape \(\) for fill_ value/);
    assertBadInput(() => zeros([2]).add_(Number.NaN), /a finite number for add_/);
    assertBadInput(() => zeros([2]).mul_('2' as unknown as number), /a Tensor for mul_/);
  });
});

describe('changes in place and the graph', () => {
  returnsMemory();

  it('of a leaf that requires a gradient, or its other shapes, are made inside noGrad only', () => {
    scope(() => {
      const w = leaf(1, 2);
      const says = /for mul_ but received a (view of a )?leaf with requiresGrad\. Change it inside noGrad\(\)/;
      assertBadInput(() => w.mul_(2), says);
      assertBadInput(() => w.reshape([2, 1]).mul_(2), says);
      const view = w.reshape([2, 1]);
      noGrad(() => w.mul_(2));
      noGrad(() => view.add_(1));
      assert.deepEqual(numbers(w), [3, 5]);
      w.mul(w).sum().backward();
      assert.deepEqual(numbers(w.grad), [6, 10]);
      const late = ones([2]);
      const viewOfLate = late.reshape([2, 1]);
      late.requiresGrad = true;
      assertBadInput(() => viewOfLate.zero_(), /view of a leaf/);
    });
  });

  it('of what an op has saved for its gradient make backward refuse, in the name of that op', () => {
    for (const change of [
      (x: Tensor) => x.add_(1),
      (x: Tensor) => x.zero_(),
      (x: Tensor) => x.reshape([2, 1]).clamp_({ min: 0 }),
      (x: Tensor) => noGrad(() => x.mul_(1)),
      (x: Tensor) => x.detach().fill_(1),
    ]) {
      refuses(() => {
        const x = leaf(1, 2).mul(2);
        const y = x.square();
        change(x);
        y.sum().backward();
      }, /what square saved for backward to be unchanged but a float32 tensor of shape \(2\) was modified in place/);
    }
  });

  it('of what an op saved nothing of are in order', () => {
    scope(() => {
      const w = leaf(1, 2);
      const x = w.mul(2);
      const y = x.add(1);
      x.mul_(10);
      y.add(x).sum().backward();
      assert.deepEqual(numbers(w.grad), [22, 22]);
    });
  });

  it('of a view made inside noGrad are refused where gradients are recorded', () => {
    scope(() => {
      const x = leaf(1, 2).mul(2);
      const view = noGrad(() => x.reshape([2, 1]));
      const says = /a tensor whose gradient can be traced for add_ .*inside noGrad\(\) and shares its memory/;
      assertBadInput(() => view.add_(1), says);
      assertBadInput(() => view.reshape([2]).add_(1), says);
      assertBadInput(() => noGrad(() => zeros([2]).reshape([2, 1])).mul_(leaf(1, 2).reshape([2, 1])), /can be traced/);
      noGrad(() => view.add_(1));
      assert.deepEqual(numbers(x), [3, 5]);
    });
  });

  it("of what an op of one's own gave back as it came are refused", () => {
    class Same extends autograd.Function {
      static forward(_: autograd.FunctionContext, x: Tensor): Tensor {
        return x;
      }
      static backward(_: autograd.FunctionContext, dy: Tensor): Tensor {
        return dy;
      }
    }
    assertBadInput(() => Same.apply(leaf(1).mul(2)).mul_(3), /can be traced for mul_/);
  });

  it('make a constant, and its other shapes, results of what went in', () => {
    scope(() => {
      const w = leaf(1, 2);
      const buffer = zeros([2]);
      const view = buffer.reshape([1, 2]);
      view.add_(w.reshape([1, 2]));
      assert.equal(buffer.requiresGrad, true);
      const [dw] = grad(buffer.mul(3).sum(), [w]);
      assert.deepEqual(numbers(dw), [3, 3]);
      assert.throws(() => {
        buffer.requiresGrad = false;
      }, /that no op made/);
    });
  });

  it('leave what a tensor was to its hooks, and what it is to its kept gradient', () => {
    scope(() => {
      const w = leaf(1, 2);
      const x = w.mul(1);
      const seen: number[][] = [];
      x.registerHook((dx: Tensor) => void seen.push(numbers(dx)));
      x.retainGrad();
      x.mul_(2);
      x.mul(5).sum().backward();
      assert.deepEqual(seen, [[10, 10]]);
      assert.deepEqual(numbers(x.grad), [5, 5]);
      assert.deepEqual(numbers(w.grad), [10, 10]);
    });
  });

  it('leave the kept gradient of another shape what that is', () => {
    scope(() => {
      const w = leaf(1, 2);
      const x = w.mul(1);
      const view = x.reshape([2, 1]);
      for (const one of [x, view]) one.retainGrad();
      view.mul_(2);
      x.mul(5).sum().backward();
      assert.deepEqual(
        [numbers(x.grad), numbers(w.grad)],
        [
          [5, 5],
          [10, 10],
        ],
      );
    });
  });

  it('made in an inner scope stay as long as their tensor', () => {
    scope(() => {
      const w = leaf(1, 2);
      const x = zeros([2]);
      scope(() => {
        scope(() => x.copy_(w.square()));
        scope(() => x.mul_(w.exp().log()));
      });
      x.sum().backward();
      const expected = [3, 12];
      for (const [i, value] of numbers(w.grad).entries()) assert.ok(Math.abs(value - expected[i]) < 1e-5);
    });
  });

  it('release what they saved with their tensor, whatever scope is open around', () => {
    scope(() => {
      const w = leaf(1, 2);
      const used = (): number => {
        scope(() => void zeros([2]).copy_(w).mul_(w).mul_(w));
        return 0;
      };
      for (let i = 0; i < 3; i++) used();
    });
  });

  it('work between two walks of a graph that is retained', () => {
    scope(() => {
      const w = leaf(2);
      const x = w.mul(3).mul_(w);
      const [first] = grad(x, [w], { retainGraph: true });
      const [second] = grad(x, [w]);
      assert.deepEqual([numbers(first), numbers(second)], [[12], [12]]);
    });
  });

  it('are refused in the function of a checkpoint, of what it did not make', () => {
    const says = /function of checkpoint, which runs twice, .*but add_ changes a float32 tensor of shape \(2\)/;
    const counter = zeros([2]);
    refuses(() => F.checkpoint((x) => x.add_(1), leaf(1, 2).mul(2)), says);
    refuses(() => F.checkpoint((x) => x.mul(counter.detach().add_(1)), leaf(1, 2)), says);
    refuses(() => F.checkpoint((x) => x.mul(noGrad(() => counter.add_(1))), leaf(1, 2)), says);
    counter.dispose();
    scope(() => {
      const w = leaf(1, 2);
      F.checkpoint((x) => x.mul(2).mul_(x), w)
        .sum()
        .backward();
      assert.deepEqual(numbers(w.grad), [4, 8]);
    });
  });

  it('name their op where anomalies are looked for', () => {
    refuses(() => autograd.detectAnomaly(() => leaf(1).mul(1).div_(0)), /finite numbers from div_/);
  });
});

describe('changes in place in a captured step', () => {
  returnsMemory();

  /** Three steps of a small training that changes activations, a buffer and a parameter in place. */
  function train(capture: boolean): number[] {
    return scope(() => {
      const w = tensor([0.5, -0.25, 1, 2], [2, 2], { requiresGrad: true });
      const [mean, count] = [zeros([2]), zeros([], { dtype: 'int32' })];
      const x = tensor([1, 2, 3, 4, 5, 6], [3, 2]);
      const step = (): Tensor =>
        scope(() => {
          const y = F.linear(x, w);
          noGrad(() => mean.mul_(0.9).add_(y.mean({ dim: 0 }).mul(0.1)));
          count.add_(1);
          const loss = y.clamp_({ max: 6 }).mul_(y.mean()).sub_(mean).square().mean();
          loss.backward();
          noGrad(() => w.sub_((w.grad as Tensor).mul(0.01)));
          w.grad?.dispose();
          w.grad = null;
          return loss;
        });
      const losses: number[] = [];
      const first = capture ? new Capture(step) : undefined;
      for (let i = 0; i < 3; i++) {
        if (i > 0) first?.replay();
        const loss = first?.result ?? step();
        losses.push(loss.itemSync());
      }
      const result = [...losses, ...numbers(w), ...numbers(mean), ...numbers(count)];
      if (first !== undefined) first.result.dispose();
      first?.dispose();
      return result;
    });
  }

  it('are repeated by its replays, to the same bits', () => {
    const plain = train(false);
    assert.equal(plain.at(-1), 3);
    assert.deepEqual(train(true), plain);
  });

  it('are noticed by autograd at each replay', () => {
    scope(() => {
      const x = ones([2]);
      const step = new Capture(() => noGrad(() => x.add_(1)));
      const w = leaf(1, 2);
      const y = w.mul(x);
      step.replay();
      assert.throws(() => y.sum().backward(), /what mul saved/);
      assert.deepEqual(numbers(x), [3, 3]);
      step.dispose();
    });
  });

  it('happen in order with all other ops', async () => {
    const x = randn([64, 64]);
    const sums = scope(() => {
      const before = x.clone();
      const doubled = x.mul_(2).clone();
      x.zero_();
      return [before.mul(2), doubled] as const;
    });
    await fence();
    assertSameBits(sums[1], sums[0], 'what was read before the next change');
    assert.deepEqual(new Set(numbers(x)), new Set([0]));
    for (const item of [x, ...sums]) item.dispose();
  });

  it('are recorded inside enableGrad as well', () => {
    scope(() => {
      const x = fromRef(normal([3], generator(7)), { requiresGrad: true });
      const y = noGrad(() => enableGrad(() => x.mul(2).mul_(3)));
      y.sum().backward();
      assert.deepEqual(numbers(x.grad), [6, 6, 6]);
    });
  });
});
