import assert from 'node:assert/strict';
import { F, nn, ones, scope, type Tensor, ViT, zeros } from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';

class Doubled extends nn.Module {
  fc = new nn.Linear(2, 2);
  forward(x: Tensor, factor = 2): Tensor {
    return F.mul(this.fc.forward(x), factor);
  }
}

/** A class above another, whose forward calls that of the class below. */
class Quadrupled extends Doubled {
  override forward(x: Tensor, factor = 4): Tensor {
    return super.forward(x, factor);
  }
}

describe('hooks', () => {
  returnsMemory();

  it('see arguments before, and arguments and result after, in the order in which they were registered', () => {
    using module = new Doubled();
    const seen: string[] = [];
    module.registerForwardHook((self, [x, factor], y) => {
      assert.equal(self, module);
      seen.push(`after ${x.shape} ${factor} ${y.shape}`);
    });
    module.registerForwardPreHook((_, [x]) => void seen.push(`before ${x.shape}`));
    module.registerForwardHook(() => void seen.push('last'));
    module.fc.registerForwardHook(() => void seen.push('inside'));
    scope(() => void module.forward(ones([3, 2]), 5));
    assert.deepEqual(seen, ['before 3,2', 'inside', 'after 3,2 5 3,2', 'last']);
  });

  it('may put others in the place of arguments and of the result', () => {
    using module = new Doubled();
    scope(() => {
      const plain = module.forward(ones([1, 2]), 3);
      {
        using _ = module.registerForwardPreHook((_, [x]) => [x, 3]);
        assertSameBits(module.forward(ones([1, 2])), plain, 'with another argument');
      }
      {
        using _ = module.registerForwardHook((_, __, y) => F.mul(y, 0));
        using __ = module.registerForwardHook((_, __, y) => F.add(y, 1));
        assertSameBits(module.forward(ones([1, 2])), ones([1, 2]), 'one after the other');
      }
      assertSameBits(module.forward(ones([1, 2]), 3), plain, 'without hooks');
    });
  });

  it('are gone once they are removed, as often as one likes', () => {
    using module = new Doubled();
    let calls = 0;
    const hook = module.registerForwardHook(() => void calls++);
    const { revision } = module;
    scope(() => void module.forward(ones([1, 2])));
    hook.remove();
    hook.remove();
    scope(() => void module.forward(ones([1, 2])));
    assert.equal(calls, 1);
    module.registerForwardHook(() => undefined).remove();
    assert.notEqual(module.revision, revision);
  });

  it('leave no trace in what recorded steps go by, when they are removed at once', () => {
    using module = new Doubled();
    const { revision } = module;
    const [a, b] = [0, 1].map(() => module.registerForwardHook(() => undefined));
    assert.notEqual(module.revision, revision);
    b.remove();
    a.remove();
    assert.equal(module.revision, revision);
    const [c, d] = [0, 1].map(() => module.registerForwardHook(() => undefined));
    c.remove();
    d.remove();
    assert.notEqual(module.revision, revision); // in another order: once more
  });

  it('see one call of a class and of the class above it, and each of calls within calls', () => {
    using module = new Quadrupled();
    let calls = 0;
    module.registerForwardHook(() => void calls++);
    scope(() => void module.forward(ones([1, 2])));
    assert.equal(calls, 1);
    class Recursive extends nn.Module {
      forward(n: number): number {
        return n === 0 ? 0 : 1 + this.forward(n - 1);
      }
    }
    const recursive = new Recursive();
    recursive.registerForwardHook(() => void calls++);
    assert.equal(recursive.forward(3), 3);
    assert.equal(calls, 5);
  });

  it('see a forward that is a field, and one put in the place of the method', () => {
    class Arrow extends nn.Module {
      fc = new nn.Linear(2, 2);
      forward = (x: Tensor): Tensor => this.fc.forward(x);
    }
    let calls = 0;
    using arrow = new Arrow();
    arrow.registerForwardHook(() => void calls++);
    scope(() => void arrow.forward(ones([1, 2])));
    using module = new Doubled();
    const forward = module.forward.bind(module);
    module.forward = (x) => forward(x, 7);
    module.registerForwardHook(() => void calls++);
    scope(() => void module.forward(ones([1, 2])));
    assert.equal(calls, 2);
  });

  it('see every module of a ViT that its summary names', () => {
    const options = { imgSize: 16, patchSize: 8, inChans: 1, numClasses: 3, embedDim: 8, depth: 2, numHeads: 2 };
    using model = new ViT(options);
    const seen = new Set<nn.Module>();
    for (const part of model.namedModules().values()) part.registerForwardHook((self) => void seen.add(self));
    scope(() => void model.forward(zeros([1, 1, 16, 16])));
    const called = model.summary().rows.filter(({ outputShape }) => outputShape !== null);
    assert.ok(called.length > 15);
    for (const { name } of called) assert.ok(seen.has(model.namedModules().get(name) as nn.Module), name);
  });

  it('see the norms of an encoder layer, whose residuals ride on them', () => {
    using layer = new nn.TransformerEncoderLayer(4, 1, { dimFeedforward: 4 });
    const shapes: unknown[] = [];
    layer.norm1.registerForwardHook((_, [x, residual], y) => void shapes.push(x.shape, residual?.shape, y.shape));
    scope(() => void layer.forward(ones([1, 3, 4])));
    assert.deepEqual(shapes, [
      [1, 3, 4],
      [1, 3, 4],
      [1, 3, 4],
    ]);
  });

  it('refuse what is no function, and what is not over when it returns', () => {
    using module = new Doubled();
    assert.throws(() => module.registerForwardHook(3 as never), /Expected a function for registerForwardHook .*3/);
    using _ = module.registerForwardHook((async () => undefined) as never);
    assert.throws(() => scope(() => void module.forward(ones([1, 2]))), /a synchronous function for a forward hook/);
  });
});
