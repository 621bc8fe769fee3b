import assert from 'node:assert/strict';
import { F, nn, ones, scope, tensor } from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';

describe('containers of modules', () => {
  returnsMemory();

  it('Sequential calls its modules one after the other, named by position', () => {
    using model = new nn.Sequential(new nn.Linear(2, 3), new nn.Identity(), new nn.ReLU()).append(new nn.Linear(3, 1));
    assert.deepEqual([...model.namedParameters().keys()], ['0.weight', '0.bias', '3.weight', '3.bias']);
    assert.deepEqual([model.length, [...model].length], [4, 4]);
    scope(() => {
      const x = ones([2, 2]);
      const [first, last] = [model.at(0), model.at(-1)] as [nn.Linear, nn.Linear];
      assertSameBits(model.forward(x), last.forward(F.relu(first.forward(x))), 'result');
    });
    assert.throws(() => model.at(4), /a position within 4 modules/);
    assert.throws(() => new nn.Sequential({} as never), /a module with a forward for Sequential/);
  });

  it('ModuleDict keeps modules by name, puts one in the place of another, and takes them out', () => {
    const [a, b, c] = [0, 1, 2].map(() => new nn.Linear(1, 1));
    using dict = new nn.ModuleDict({ a, b });
    assert.deepEqual([...dict.keys()], ['a', 'b']);
    dict.set('a', c);
    assert.equal(dict.namedModules().get('a'), c);
    assert.ok(dict.delete('b'));
    assert.ok(!dict.delete('b'));
    assert.deepEqual([dict.size, dict.has('b'), dict.get('b'), [...dict.values()]], [1, false, undefined, [c]]);
    assert.deepEqual([...dict.namedParameters().keys()], ['a.weight', 'a.bias']);
    assert.deepEqual([...new nn.ModuleDict(new Map([['x', dict]]))].length, 1);
    assert.throws(() => dict.set('a.b', c), /a name without dots for ModuleDict/);
    for (const module of [a, b]) module.dispose();
  });

  it('ParameterList keeps parameters, wherever they were made', () => {
    const list = scope(() => new nn.ParameterList([ones([2]), tensor([1])]));
    list.append(ones([3]));
    assert.deepEqual([...list.namedParameters().keys()], ['0', '1', '2']);
    assert.deepEqual([list.length, [...list].map(({ size }) => size), list.at(-1).size], [3, [2, 1, 3], 3]);
    assert.throws(() => list.at(3), /a position within 3 parameters/);
    list.dispose();
  });
});
