import assert from 'node:assert/strict';
import { evaluate, F, noGrad, reset, StreamError, scope, tensor } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { textures, tinyViT } from './tiny-problem.js';

describe('evaluate', () => {
  const test = textures(50);

  it('gives what the model says to all images at once, in evaluation mode', () =>
    leavesNothing(async () => {
      using model = tinyViT({ posDropRate: 0.5 });
      const { loss, accuracy, predictions, probabilities } = await evaluate(model, test, 16);
      assert.equal(model.training, true);
      model.eval();
      const [chances, all] = scope(() =>
        noGrad(() => {
          const logits = model.forward(tensor(test.images, [50, 1, 8, 8]));
          return [F.softmax(logits).dataSync(), F.crossEntropy(logits, tensor(test.labels)).itemSync()] as const;
        }),
      );
      const best = test.labels.map((_, i) => {
        const row = [...chances.subarray(i * 4, i * 4 + 4)];
        return row.indexOf(Math.max(...row));
      });
      assert.deepEqual(predictions, best);
      assert.equal(accuracy, best.filter((label, i) => label === test.labels[i]).length / 50);
      assert.ok(Math.abs(loss - all) < 1e-6, `${loss} and ${all}`);
      assert.equal(probabilities.length, 200);
      for (const [i, chance] of probabilities.entries()) assert.ok(Math.abs(chance - (chances[i] ?? 9)) < 1e-6);
    }));

  it('leaves a model in evaluation mode that was', async () => {
    using model = tinyViT().eval();
    await evaluate(model, test);
    assert.equal(model.training, false);
  });

  it('rejects for a label that is no class, gives the memory back and leaves the mode as it was', () =>
    leavesNothing(async () => {
      using model = tinyViT();
      const labels = Int32Array.from(test.labels).fill(4, 20, 21);
      await assert.rejects(evaluate(model, { ...test, labels }, 16), StreamError);
      assert.equal(model.training, true);
      reset();
    }));
});
