import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { emptyCache, nn, ViT } from '../../../lib/index.js';
import { assertBadInput, returnsMemory } from '../../native-op.js';

const golden = JSON.parse(readFileSync(new URL('../../../../test/golden/registry.json', import.meta.url), 'utf8')) as {
  parameters: Record<string, number>;
};

describe('ViT.create', () => {
  returnsMemory();

  it('knows the names that were counted, and no other', () => {
    assert.deepEqual(ViT.list().sort(), Object.keys(golden.parameters).sort());
  });

  for (const [name, parameters] of Object.entries(golden.parameters)) {
    it(`makes ${name} with as many parameters as timm`, () => {
      // A huge model takes 2.5 GB of memory that nobody writes to here.
      using model = nn.init.withoutInit(() => ViT.create(name));
      assert.equal(model.numParameters(), parameters);
    });
  }

  after(() => emptyCache());

  it('overrides what it is told to', () => {
    using model = ViT.create('vit_tiny_patch16_224', { depth: 1, numClasses: 10 });
    assert.equal(model.blocks.length, 1);
    assert.equal(model.head?.outFeatures, 10);
  });

  it('says what a name may be', () => {
    assertBadInput(() => ViT.create('vit_enormous_patch16_224'), /a model name .+ViT\.list\(\)/);
  });
});
