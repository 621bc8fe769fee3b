import assert from 'node:assert/strict';
import { Model, noGrad, scope, ViT, zeros } from '../../../lib/index.js';
import { returnsMemory } from '../../native-op.js';
import { goldenPath } from './fixtures.js';

describe('Model.fromPretrained', () => {
  returnsMemory();

  it('gives what the class of the family gives', async () => {
    using model = await Model.fromPretrained(goldenPath('hf-vit'));
    using same = await ViT.fromPretrained(goldenPath('hf-vit'));
    assert.ok(model instanceof ViT);
    assert.equal(model.pretrainedConfig?.layout, 'hf');
    scope(() => {
      const images = zeros([1, 3, 32, 32]);
      const [given, wanted] = [model, same].map((one) => noGrad(() => one.forward(images)).dataSync());
      assert.deepEqual(given, wanted);
    });
  });

  it('takes the options of the family, and names one that it has not', async () => {
    using model = await Model.fromPretrained(goldenPath('hf-vit'), { numClasses: 0 });
    assert.equal(model.head, undefined);
    const unknown = { numClases: 3 } as object;
    await assert.rejects(Model.fromPretrained(goldenPath('hf-vit'), unknown), /Did you mean numClasses\?/);
  });
});
