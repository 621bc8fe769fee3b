import assert from 'node:assert/strict';
import {
  autocast,
  F,
  info,
  keep,
  manualSeed,
  memory,
  nn,
  noGrad,
  randint,
  randn,
  scope,
  type Tensor,
  tensor,
  ViT,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { assertBadInput, returnsMemory } from '../native-op.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';

const TINY = { imgSize: 8, patchSize: 4, inChans: 1, numClasses: 3, embedDim: 16, depth: 3, numHeads: 2 };

/** The bits of a result and of every gradient of a model after one backward pass. */
function bits(model: nn.Module, run: () => Tensor): number[][] {
  for (const parameter of model.parameters()) {
    parameter.grad?.dispose();
    parameter.grad = null;
  }
  manualSeed(5);
  return scope(() => {
    const y = run();
    y.sum().backward();
    return [y, ...model.parameters().flatMap((parameter) => parameter.grad ?? [])].map((x) => [...x.dataSync()]);
  });
}

describe('checkpoint', () => {
  returnsMemory();

  it('gives the bits of the plain call, dropout and all', () => {
    const block = new nn.TransformerEncoderLayer(16, 2, { dimFeedforward: 24, dropout: 0.3 });
    const x = randn([2, 5, 16], { requiresGrad: true });
    const plain = bits(block, () => block.forward(x));
    const input = x.grad?.dataSync();
    x.grad?.dispose();
    x.grad = null;
    assert.deepEqual(
      bits(block, () => F.checkpoint((t) => block.forward(t), x)),
      plain,
    );
    assert.deepEqual(x.grad === null ? undefined : (x.grad as Tensor).dataSync(), input);
    for (const item of [block, x]) item.dispose();
  });

  it('is what setGradCheckpointing does to a ViT: the same bits in less memory', () => {
    const model = new ViT({ ...TINY, depth: 8, embedDim: 64, dropPathRate: 0.2 });
    const images = randn([16, 1, 8, 8]);
    const labels = randint(0, 3, [16]);
    const forward = (): Tensor => scope(() => F.crossEntropy(model.forward(images), labels));
    const plain = bits(model, forward);
    const kept = heldByForward(forward);
    model.setGradCheckpointing();
    assert.deepEqual(bits(model, forward), plain);
    const least = heldByForward(forward);
    assert.ok(least < kept / 2, 'less than half of the activations is kept');
    model.setGradCheckpointing(4); // of 8
    assert.deepEqual(bits(model, forward), plain);
    const half = heldByForward(forward);
    assert.ok(Math.abs(half - (least + kept) / 2) < 0.05 * kept, `${half} of ${least} to ${kept}`);
    assertBadInput(() => model.setGradCheckpointing(9), /a whole number from 0 to 8 for setGradCheckpointing/);
    for (const item of [model, images, labels]) item.dispose();
  });

  it('keeps the precision of the forward pass', function () {
    if (!info().bf16.available) this.skip(); // this machine has no bfloat16 products to compare
    const linear = new nn.Linear(32, 32);
    const x = randn([8, 32], { requiresGrad: true });
    const run = (fn: (t: Tensor) => Tensor) => bits(linear, () => autocast('bf16', () => fn(x)));
    const plain = run((t) => linear.forward(t));
    assert.deepEqual(
      run((t) => F.checkpoint((u) => linear.forward(u), t)),
      plain,
    );
    for (const item of [linear, x]) item.dispose();
  });

  it('leaves out the last product where nobody reads what it gives, and only there', () =>
    scope(() => {
      const [up, down] = [randn([24, 16]), randn([16, 24])];
      const mlp = (t: Tensor): Tensor => F.linear(F.gelu(F.linear(t, up)), down, undefined, { residual: t });
      const products = (fn: (t: Tensor) => Tensor): number => {
        const { linearForward } = native;
        let count = 0;
        native.linearForward = (fields) => {
          count++;
          linearForward(fields);
        };
        try {
          F.checkpoint(fn, randn([5, 16], { requiresGrad: true }))
            .sum()
            .backward();
        } finally {
          native.linearForward = linearForward;
        }
        return count;
      };
      assert.equal(products(mlp), 3);
      assert.equal(
        products((t) => F.checkpoint(mlp, t)),
        4, // the inner one's first of its three times is the outer one's last product
      );
      assert.equal(
        products((t) => F.gelu(mlp(t))),
        4,
      );
      const reading = (t: Tensor): Tensor => {
        const y = mlp(t);
        y.dataSync();
        return y;
      };
      assert.equal(products(reading), 4);
      const taken: Tensor[] = [];
      const taking = (t: Tensor): Tensor => {
        const y = mlp(t);
        taken.push(keep(y.alias()));
        return y;
      };
      assert.equal(products(taking), 4);
      assert.deepEqual(taken[1]?.dataSync(), taken[0]?.dataSync());
      for (const item of taken) item.dispose();
    }));

  it('gives all memory back after backward', () =>
    leavesNothing(() => {
      const x = randn([4, 8], { requiresGrad: true });
      const y = F.checkpoint((t) => F.gelu(F.gelu(t)), x);
      const loss = y.sum();
      loss.backward();
      for (const item of [x, y, loss]) item.dispose();
    }));
});

/** The gradients of leaves after `run`, and what it gives, as `F.checkpoint` runs functions and without it. */
function bothWays(run: (through: typeof F.checkpoint) => { y: Tensor; leaves: Tensor[] }): void {
  const gradients = [F.checkpoint, ((fn, x) => fn(x)) as typeof F.checkpoint].map((through) => {
    manualSeed(11);
    const { y, leaves } = run(through);
    y.sum().backward();
    const found = [y, ...leaves.map((leaf) => leaf.grad)].map((x) => x && [...x.dataSync()]);
    for (const leaf of leaves) leaf.dispose();
    return found;
  });
  assert.ok(
    gradients[1]?.every((x) => x?.some((value) => value !== 0)),
    'there are gradients to compare',
  );
  assert.deepEqual(gradients[0], gradients[1]);
}

const leaf = (shape: number[]): Tensor => randn(shape, { requiresGrad: true });

describe('checkpoint of a function that sees other tensors', () => {
  returnsMemory();

  const cases: Record<string, () => void> = {
    'a computed tensor that is used elsewhere': () =>
      bothWays((through) => {
        const [x, w] = [leaf([1, 4]), leaf([3, 4])];
        const inner = F.tanh(w.mul(0.1));
        return {
          y: through((t) => F.gelu(F.linear(t, inner)), x)
            .sum()
            .add(inner.sum()),
          leaves: [x, w],
        };
      }),
    'a computed tensor that nobody else uses or keeps': () =>
      bothWays((through) => {
        const [x, w] = [leaf([1, 4]), leaf([3, 4])];
        const y = scope(() => {
          const inner = F.tanh(w.mul(0.1));
          return through((t) => F.gelu(F.linear(t, inner)), x);
        });
        return { y, leaves: [x, w] };
      }),
    'a parameter': () =>
      bothWays((through) => {
        const [x, w] = [leaf([1, 4]), leaf([3, 4])];
        return { y: through((t) => F.gelu(F.linear(t, w)), x), leaves: [x, w] };
      }),
    'a parameter, where what goes in needs no gradient': () =>
      bothWays((through) => {
        const w = leaf([3, 4]);
        return { y: through((t) => F.gelu(F.linear(t, w)), randn([1, 4])), leaves: [w] };
      }),
    'a tensor that is not differentiated, and gone by the time of backward': () =>
      bothWays((through) => {
        const x = leaf([1, 2, 3, 4]);
        const y = scope(() => {
          const keyPaddingMask = tensor(new Int32Array([0, 1, 0]), [1, 3]);
          return through((t) => F.attention(t, t, t, { keyPaddingMask }), x);
        });
        return { y, leaves: [x] };
      }),
    'x itself, beside the argument': () =>
      bothWays((through) => {
        const x = leaf([3]);
        const y = through((t) => F.gelu(F.mul(t, x)), x);
        return { y, leaves: [x] };
      }),
    'tensors of an outer checkpoint, nested': () =>
      bothWays((through) => {
        const [x, w, v] = [leaf([2, 4]), leaf([4, 4]), leaf([4, 4])];
        const y = through((t) => {
          const outer = F.gelu(F.linear(t, w));
          const inner = through((u) => F.tanh(F.matmul(F.mul(u, outer), v)), F.relu(t));
          return F.add(inner, outer);
        }, x);
        return { y: F.gelu(y), leaves: [x, w, v] };
      }),
    'random numbers that are drawn inside, nested': () =>
      bothWays((through) => {
        const [x, w] = [leaf([8, 8]), leaf([8, 8])];
        const y = through((t) => {
          const dropped = F.dropout(F.linear(t, w), 0.4);
          return F.mul(
            through((u) => F.dropout(F.gelu(u), 0.5), dropped),
            randn([8, 8]),
          );
        }, x);
        return { y: F.dropout(y, 0.3), leaves: [x, w] };
      }),
    'a product, of what is changed in place before the result is read': () =>
      bothWays((through) => {
        const [x, w] = [leaf([2, 3]), leaf([3, 3])];
        const y = through((t) => {
          const [added, constant] = [t.mul(2), noGrad(() => t.mul(3))];
          const first = F.linear(t, w, undefined, { residual: added });
          const second = F.linear(first, w, undefined, { residual: constant });
          added.add_(1);
          constant.set(new Float32Array(6));
          return F.mul(F.mul(second, first), F.add(added, constant));
        }, x);
        return { y, leaves: [x, w] };
      }),
    'several checkpoints on one path': () =>
      bothWays((through) => {
        const [x, w] = [leaf([2, 4]), leaf([4, 4])];
        const shared = F.tanh(w);
        let y: Tensor = x;
        for (let i = 0; i < 3; i++) y = through((t) => F.add(F.gelu(F.linear(t, shared)), t), y);
        return { y, leaves: [x, w] };
      }),
  };
  for (const [name, run] of Object.entries(cases))
    it(`gives the gradients of the plain call: ${name}`, () => scope(run));

  it('gives what is not its own back untouched: the argument, or another tensor', () =>
    scope(() => {
      const x = leaf([3]);
      const other = F.gelu(leaf([3]));
      for (const [fn, given] of [
        [(t: Tensor) => t, x],
        [() => other, other],
      ] as const) {
        const { node } = given;
        const y = F.checkpoint(fn, x);
        assert.notEqual(y, given);
        assert.equal(given.node, node);
        assert.deepEqual(y.dataSync(), given.dataSync());
        y.sum().backward();
        assert.equal(given.disposed, false);
      }
      assert.deepEqual([...(x.grad?.dataSync() ?? [])], [1, 1, 1]);
    }));

  it('hears of a tensor that was changed between forward and backward', () =>
    scope(() => {
      const [x, w] = [leaf([1, 4]), leaf([3, 4])];
      const y = F.checkpoint((t) => F.linear(t, w), x).sum();
      w.set(new Float32Array(12));
      assert.throws(() => y.backward(), /saved for backward to be unchanged/);
    }));

  it('refuses a function that gives no tensor', () =>
    scope(() => {
      const x = leaf([1]);
      assert.throws(
        () => F.checkpoint(() => 3 as unknown as Tensor, x),
        /^TypeError: Expected a Tensor for the result of/,
      );
    }));
});

/** Bytes that a forward pass leaves behind for backward. */
function heldByForward(forward: () => Tensor): number {
  const before = memory().live;
  const loss = forward();
  const held = memory().live - before;
  loss.backward();
  loss.dispose();
  return held;
}
