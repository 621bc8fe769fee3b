import assert from 'node:assert/strict';
import { F, nn, randn, scope, ViT } from '../../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../../native-op.js';

const OPTIONS = { imgSize: 8, patchSize: 4, inChans: 1, embedDim: 8, depth: 1, numHeads: 2, numClasses: 5 };

describe('ViT.resetClassifier', () => {
  returnsMemory();

  it('puts a classifier of as many classes in the place of the old one', () => {
    using model = new ViT(OPTIONS);
    const names = [...model.namedParameters().keys()];
    const { head } = model;
    assert.equal(model.resetClassifier(3), model);
    assert.ok(head?.weight.disposed);
    assert.equal(model.config.numClasses, 3);
    assert.deepEqual(model.getClassifier()?.constructor, nn.Linear);
    assert.deepEqual([...model.namedParameters().keys()], names);
    scope(() => assert.deepEqual(model.forward(randn([2, 1, 8, 8])).shape, [2, 3]));
    model.resetClassifier(0);
    assert.equal(model.getClassifier(), undefined);
    scope(() => assert.deepEqual(model.forward(randn([2, 1, 8, 8])).shape, [2, 8]));
    model.resetClassifier(4);
    assert.deepEqual([...model.namedParameters().keys()], names);
  });

  it('pools otherwise, with the norm where it was, and says so in its configuration', () => {
    using model = new ViT(OPTIONS).resetClassifier(5, 'avg');
    assert.deepEqual([model.config.globalPool, model.config.fcNorm], ['avg', false]);
    using again = new ViT(model.config);
    assert.deepEqual([...again.namedParameters().keys()], [...model.namedParameters().keys()]);
    again.loadStateDict(model.stateDict());
    scope(() => {
      const images = randn([2, 1, 8, 8]);
      assertSameBits(again.forward(images), model.forward(images), 'a model of its configuration');
      const tokens = model.forwardFeatures(images);
      assertSameBits(model.pool(tokens), F.mean(F.slice(tokens, 1, 1), { dim: 1 }), 'the mean of patches');
      const features = model.forwardHead(tokens, { preLogits: true });
      assertSameBits(features, model.pool(tokens), 'features');
      assertSameBits((model.getClassifier() as nn.Linear).forward(features), model.forward(images), 'logits');
    });
  });

  it('takes attention pooling out, and both heads of a distilled model', () => {
    using pooled = new ViT({ ...OPTIONS, globalPool: 'map' });
    pooled.resetClassifier(2, 'avg');
    assert.equal(pooled.attnPool, undefined);
    assert.ok(![...pooled.namedParameters().keys()].some((name) => name.startsWith('attn_pool')));
    using distilled = new ViT({ ...OPTIONS, distilled: true });
    distilled.resetClassifier(7);
    scope(() => {
      for (const logits of distilled.forwardDistilled(randn([1, 1, 8, 8]))) assert.deepEqual(logits.shape, [1, 7]);
    });
    assert.equal((distilled.getClassifier() as nn.Linear[]).length, 2);
  });

  it('shows its norms, and refuses what the model has no part for', () => {
    using token = new ViT(OPTIONS);
    assert.ok(token.norm instanceof nn.LayerNorm && token.fcNorm === undefined);
    using mean = new ViT({ ...OPTIONS, globalPool: 'avg', classToken: false });
    assert.ok(mean.norm === undefined && mean.fcNorm instanceof nn.LayerNorm);
    assertBadInput(() => token.resetClassifier(2, 'map'), /a pooling without parameters for resetClassifier/);
    assertBadInput(() => mean.resetClassifier(2, 'token'), /a pooling of patches .* without class token/);
    assertBadInput(() => token.resetClassifier(-1), /resetClassifier numClasses .*-1/);
    assertBadInput(() => token.pool(randn([1, 5, 8]), 'map'), /a model with attention pooling/);
    using distilled = new ViT({ ...OPTIONS, distilled: true });
    assertBadInput(() => distilled.resetClassifier(2, 'avg'), /of a distilled model/);
    assert.equal(token.config.numClasses, 5);
  });
});
