import assert from 'node:assert/strict';
import { evaluate, F, fence, info, noGrad, optim, scope, Trainer, tensor } from '../../lib/index.js';
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
      await assert.rejects(evaluate(model, { ...test, labels, numClasses: 5 }, 16), {
        name: 'TypeError',
        message: /^Expected class labels from 0 to 3 for evaluate but received 4\./,
      });
      assert.equal(model.training, true);
      await fence(); // the stream goes on
    }));

  it('leaves every part in the mode that it was in, while it waits and after', async () => {
    using model = tinyViT();
    model.blocks.at(0).eval();
    const modes = () => [...model.namedModules().values()].map(({ training }) => training);
    const before = modes();
    const evaluating = evaluate(model, test, 16);
    assert.deepEqual(modes(), before);
    await evaluating;
    assert.deepEqual(modes(), before);
    assert.ok(new Set(before).size === 2);
  });

  it('goes by the batch size given, which changes no result', () =>
    leavesNothing(async () => {
      using model = tinyViT();
      const sizes: number[] = [];
      const forward = model.forward.bind(model);
      model.forward = (images) => {
        sizes.push(images.shape[0]);
        return forward(images);
      };
      const whole = await evaluate(model, test);
      const parts = await evaluate(model, test, { batchSize: 20 });
      assert.deepEqual(sizes, [50, 20, 20, 10]);
      assert.deepEqual(parts.predictions, whole.predictions);
      // A library may sum otherwise for another number of rows; our own products do not.
      assert.equal(parts.probabilities.length, whole.probabilities.length);
      const bound = info().isa === 'scalar' || process.env.VITRINE_GEMM ? 1e-6 : 0;
      for (const [i, probability] of parts.probabilities.entries()) {
        assert.ok(Math.abs(probability - (whole.probabilities[i] ?? NaN)) <= bound, `probability ${i}`);
      }
    }));

  it('ends at its signal', () =>
    leavesNothing(async () => {
      using model = tinyViT();
      const controller = new AbortController();
      let batches = 0;
      const forward = model.forward.bind(model);
      model.forward = (images) => {
        if (++batches === 2) controller.abort(new Error('enough'));
        return forward(images);
      };
      await assert.rejects(evaluate(model, test, { batchSize: 10, signal: controller.signal }), /^Error: enough$/);
      assert.deepEqual([batches, model.training], [2, true]);
    }));

  it('refuses what is no model, and options that it does not know', async () => {
    using model = tinyViT();
    const cases: [unknown, unknown, RegExp][] = [
      [model, { batchsize: 4 }, /Did you mean batchSize\?/],
      [model, { batchSize: 0 }, /Expected a whole number of at least 1 for evaluate batchSize but received 0/],
      [model, { precision: 'fp16' }, /Expected one of 'fp32', 'bf16', 'int8', 'auto' for evaluate precision/],
      [{ forward: () => {} }, {}, /Expected a model, a Module with a forward of images, for evaluate/],
    ];
    for (const [given, options, message] of cases) {
      await assert.rejects(evaluate(given as never, test, options as never), { name: 'TypeError', message });
    }
  });
});

describe('evaluation in fit', () => {
  it("goes by training's batch size and precision, and ends at its signal", () =>
    leavesNothing(async () => {
      using model = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const sizes: number[] = [];
      const controller = new AbortController();
      const forward = model.forward.bind(model);
      model.forward = (images) => {
        if (!model.training) sizes.push(images.shape[0]);
        if (sizes.length === 6) controller.abort();
        return forward(images);
      };
      const { signal } = controller;
      const options = { model, optimizer, train: textures(32), test: textures(50), batchSize: 16, epochs: 3, signal };
      const { history, stopped } = await new Trainer(options).fit();
      assert.deepEqual(sizes, [16, 16, 16, 2, 16, 16]);
      assert.deepEqual([history.length, stopped, history[1]?.testLoss], [2, true, undefined]);
      assert.ok(history[0]?.testLoss !== undefined && history[1]?.trainLoss !== undefined);
      optimizer.dispose();
    }));
});
