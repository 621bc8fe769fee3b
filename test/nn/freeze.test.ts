import assert from 'node:assert/strict';
import { optim, randn, scope, ViT } from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

const small = (): ViT =>
  new ViT({ imgSize: 16, patchSize: 8, inChans: 1, numClasses: 3, embedDim: 8, depth: 2, numHeads: 2 });

describe('freeze', () => {
  returnsMemory();

  it('takes a glob or a RegExp and gives the names', () => {
    using model = small();
    assert.deepEqual(model.freeze('head.*'), ['head.weight', 'head.bias']);
    assert.deepEqual(model.freeze(/^blocks\.1\.norm\d\.bias$/g), ['blocks.1.norm1.bias', 'blocks.1.norm2.bias']);
    assert.deepEqual(model.freeze('blocks.?.attn.qkv.bias'), ['blocks.0.attn.qkv.bias', 'blocks.1.attn.qkv.bias']);
    assert.deepEqual(model.freeze('cls_token'), ['cls_token']);
    assert.equal(model.unfreeze().length, model.parameters().length);
    assert.ok(model.parameters().every(({ requiresGrad }) => requiresGrad));
  });

  it('keeps what is frozen as it is, and leaves no gradient behind', () => {
    using model = small();
    scope(() => {
      const step = (): void => scope(() => model.forward(randn([2, 1, 16, 16])).mean()).backward();
      step();
      model.freeze('*');
      const names = model.unfreeze('head.*');
      const optimizer = new optim.SGD(model.parameters(), { lr: 1, weightDecay: 0.1 });
      const before = new Map([...model.namedParameters()].map(([name, x]) => [name, x.dataSync()]));
      optimizer.zeroGrad();
      step();
      optimizer.step();
      for (const [name, parameter] of model.namedParameters()) {
        const same = parameter.dataSync().every((value, i) => value === before.get(name)?.[i]);
        assert.equal(same, !names.includes(name), name);
        assert.equal(parameter.grad === null, !names.includes(name), name);
      }
      optimizer.dispose();
    });
  });

  it('says so when nothing matches', () => {
    using model = small();
    assertBadInput(() => model.freeze('heads.*'), /a pattern that matches a parameter .+'heads\.\*'.+cls_token/);
    assertBadInput(() => model.freeze(3 as never), /a glob or a RegExp/);
  });
});
