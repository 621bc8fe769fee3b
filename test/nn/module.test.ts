import assert from 'node:assert/strict';
import { F, nn, ones, randn, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';

/** A module of modules, with a parameter of its own between them. */
class Sample extends nn.Module {
  readonly first = this.child('first', new nn.Linear(3, 5));
  readonly scale = this.parameter('scale', () => ones([5]));
  readonly list = this.child('list', new nn.ModuleList([new nn.LayerNorm(5), new nn.Linear(5, 2, { bias: false })]));
  readonly drop = this.child('drop', new nn.Dropout(0.5));
}

const SHAPES = {
  scale: [5],
  'first.weight': [5, 3],
  'first.bias': [5],
  'list.0.weight': [5],
  'list.0.bias': [5],
  'list.1.weight': [2, 5],
};

const shapesOf = (named: ReadonlyMap<string, Tensor>): Record<string, readonly number[]> =>
  Object.fromEntries([...named].map(([name, parameter]) => [name, parameter.shape]));

/** Copies of a module's state, which may then be changed. */
const copyOf = (module: nn.Module): Map<string, Tensor> =>
  new Map([...module.stateDict()].map(([name, x]) => [name, tensor(x.dataSync(), x.shape)]));

const bitsOf = (module: nn.Module): Record<string, number[]> =>
  Object.fromEntries([...module.stateDict()].map(([name, x]) => [name, [...x.dataSync()]]));

describe('Module', () => {
  returnsMemory();

  it('names its parameters by the way to them, own ones first', () => {
    using module = new Sample();
    assert.deepEqual(shapesOf(module.namedParameters()), SHAPES);
    assert.deepEqual([...module.namedParameters().keys()], Object.keys(SHAPES));
    assert.deepEqual(module.parameters(), [...module.namedParameters().values()]);
    assert.ok(module.parameters().every((parameter) => parameter.requiresGrad && parameter.dtype === 'float32'));
    assert.equal(module.numParameters(), 5 + 15 + 5 + 5 + 5 + 10);
  });

  it('names its modules, itself with the empty name', () => {
    using module = new Sample();
    assert.deepEqual([...module.namedModules().keys()], ['', 'first', 'list', 'list.0', 'list.1', 'drop']);
    assert.equal(module.namedModules().get('list.1'), module.list.at(1));
  });

  it('turns training off and on all the way down', () => {
    using module = new Sample();
    const modes = (): boolean[] => [...module.namedModules().values()].map(({ training }) => training);
    assert.ok(modes().every((mode) => mode));
    assert.equal(module.eval(), module);
    assert.ok(modes().every((mode) => !mode));
    assert.equal(module.train(), module);
    assert.ok(modes().every((mode) => mode));
    module.train(false);
    assert.ok(modes().every((mode) => !mode));
  });

  it('keeps its parameters when made within a scope', () => {
    const module = scope(() => new Sample());
    assert.ok(module.parameters().every((parameter) => !parameter.disposed));
    module.dispose();
    assert.ok(module.parameters().every((parameter) => parameter.disposed));
  });

  it('releases gradients with its parameters', () => {
    const module = new nn.Linear(3, 2);
    scope(() =>
      module
        .forward(ones([1, 3]))
        .sum()
        .backward(),
    );
    const { grad } = module.weight;
    assert.ok(grad !== null);
    module.dispose();
    assert.ok(grad.disposed);
  });

  it('takes back the state that it gave', () => {
    using source = new Sample();
    using target = new Sample();
    assert.notDeepEqual(bitsOf(source), bitsOf(target));
    assert.deepEqual(target.loadStateDict(source.stateDict()), { missing: [], unexpected: [] });
    assert.deepEqual(bitsOf(source), bitsOf(target));
    // Copied, not shared.
    const before = bitsOf(source);
    target.scale.set([1, 2, 3, 4, 5]);
    assert.deepEqual(bitsOf(source), before);
  });

  it('gives the live tensors as its state', () => {
    using module = new Sample();
    assert.equal(module.stateDict().get('scale'), module.scale);
  });

  it('lists all that does not fit, and loads nothing', () => {
    using module = new Sample();
    const before = bitsOf(module);
    scope(() => {
      const state = copyOf(module);
      for (const value of state.values()) value.set(new Float32Array(value.size).fill(9));
      state.delete('first.bias');
      state.delete('list.1.weight');
      state.set('first.weight', zeros([3, 5]));
      state.set('list.0.bias', zeros([5], { dtype: 'int32' }));
      state.set('first.biass', zeros([5]));
      state.set('else', zeros([5]));
      assert.throws(
        () => module.loadStateDict(state),
        (error: Error) => {
          assert.ok(error instanceof TypeError);
          assert.match(error.message, /^Expected a state dict that fits Sample but 6 entries do not: /);
          for (const problem of [
            'first.weight has shape (3,5) instead of (5,3)',
            'list.0.bias is int32 instead of float32',
            'first.bias is missing',
            'list.1.weight is missing',
            'first.biass is not a parameter here (nearest: first.bias)',
            'else is not a parameter here',
          ]) {
            assert.ok(error.message.includes(problem), `${problem} in: ${error.message}`);
          }
          return true;
        },
      );
    });
    assert.deepEqual(bitsOf(module), before);
  });

  it('loads nothing when one tensor of the state was disposed, or is none', () => {
    using module = new Sample();
    const before = bitsOf(module);
    const name = 'list.1.weight';
    for (const [spoil, says] of [
      [(state: Map<string, Tensor>) => state.get(name)?.dispose(), 'list.1.weight was disposed'],
      [
        (state: Map<string, Tensor>) => state.set(name, [1] as unknown as Tensor),
        'list.1.weight is [1] instead of a Tensor',
      ],
    ] as const) {
      scope(() => {
        const state = copyOf(module);
        for (const value of state.values()) value.set(new Float32Array(value.size).fill(9));
        spoil(state);
        assert.throws(
          () => module.loadStateDict(state),
          (error: Error) => error.message.includes(`but 1 entries do not: ${says}.`),
        );
      });
      assert.deepEqual(bitsOf(module), before);
    }
  });

  it('passes over names of one side alone when not strict, but over no shape', () => {
    using module = new Sample();
    scope(() => {
      const state = copyOf(module);
      state.delete('first.bias');
      state.set('else', zeros([1]));
      state.get('scale')?.set([9, 8, 7, 6, 5]);
      const report = module.loadStateDict(state, { strict: false });
      assert.deepEqual(report, { missing: ['first.bias'], unexpected: ['else'] });
      assert.deepEqual([...module.scale.dataSync()], [9, 8, 7, 6, 5]);
      state.set('scale', zeros([4]));
      assert.throws(() => module.loadStateDict(state, { strict: false }), /scale has shape \(4\) instead of \(5\)/);
    });
  });

  it('loads in order with what is enqueued', () => {
    using module = new nn.Linear(3, 3, { bias: false });
    scope(() => {
      const x = randn([2, 3]);
      const before = F.linear(x, tensor(module.weight.dataSync(), [3, 3]));
      const y = module.forward(x);
      module.loadStateDict(new Map([['weight', zeros([3, 3])]]));
      assertSameBits(y, before, 'result of before');
      assert.deepEqual(new Set(module.forward(x).dataSync()), new Set([0]));
    });
  });
});

describe('ModuleList', () => {
  returnsMemory();

  it('counts, iterates and indexes from either end', () => {
    const items = [new nn.GELU(), new nn.ReLU(), new nn.Dropout()];
    const list = new nn.ModuleList<nn.Module>(items);
    assert.equal(list.length, 3);
    assert.deepEqual([...list], items);
    assert.equal(list.at(0), items[0]);
    assert.equal(list.at(-1), items[2]);
    assert.throws(() => list.at(3), /^TypeError: Expected a position within 3 modules for at\(\) but received 3\.$/);
  });
});
