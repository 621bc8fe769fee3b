import assert from 'node:assert/strict';
import { evaluate, NonFiniteLossError, optim, Trainer, type TrainerOptions } from '../../lib/index.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { textures, tinyViT } from './tiny-problem.js';

describe('a loss that is not finite', () => {
  for (const changes of [{}, { capture: false }, { clipGradNorm: 1 }] as Partial<TrainerOptions>[]) {
    it(`ends fit with step, learning rate and gradients' norms: ${JSON.stringify(changes)}`, () =>
      leavesNothing(async () => {
        using model = tinyViT();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const schedule: optim.Schedule = (step) => (step === 5 ? 1e36 : 0.1);
        const options = { model, optimizer, schedule, train: textures(64), batchSize: 16, epochs: 3, ...changes };
        await assert.rejects(new Trainer(options).fit(), (error) => {
          assert.ok(error instanceof NonFiniteLossError);
          assert.match(
            error.message,
            /^Expected a finite loss but step 3 of epoch 2, at learning rate 0\.1, gave NaN\./,
          );
          assert.match(
            error.message,
            /gradient's norm is NaN: \d+ of \d+ parameters' are not finite \(cls_token NaN, /,
          );
          assert.match(error.message, /The first layer whose output is not finite is blocks\.0\.\S+ \(\w+\)\./);
          assert.match(String(error.layer), /^blocks\.0\./);
          assert.deepEqual([error.site.epoch, error.site.step], [1, 3]);
          assert.equal(optimizer.steps, 6, 'the step that failed was left out, and that after it');
          for (const parameter of model.parameters()) assert.ok(parameter.dataSync().every(Number.isFinite));
          assert.ok(Number.isNaN(error.gradients.byName.get('head.weight')));
          return true;
        });
        optimizer.dispose();
      }));
  }

  it("is warned of once in a fit, and passed over, with onNonFinite: 'warn'", () =>
    leavesNothing(async () => {
      const told: string[] = [];
      const note = ({ message }: Error) => void told.push(message);
      process.on('warning', note);
      using model = tinyViT();
      const optimizer = new optim.SGD(model.parameters(), { lr: 1e37 });
      const options = { model, optimizer, train: textures(64), batchSize: 16, epochs: 2, onNonFinite: 'warn' } as const;
      const { history } = await new Trainer(options).fit();
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', note);
      assert.equal(history.length, 2);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /^Expected a finite loss but step \d of epoch 1, at learning rate 1e\+37, gave /);
      optimizer.dispose();
    }));

  it('is no other choice', () => {
    using model = tinyViT();
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const options = { model, optimizer, train: textures(64), batchSize: 16, epochs: 2, onNonFinite: 'ignore' as never };
    assert.throws(() => new Trainer(options), /^TypeError: Expected one of 'stop', 'warn' for Trainer onNonFinite/);
    optimizer.dispose();
  });
});

describe('evaluate, of a model that says NaN', () => {
  it('counts that as no answer, and warns', () =>
    leavesNothing(async () => {
      const told: string[] = [];
      const note = ({ message }: Error) => void told.push(message);
      process.on('warning', note);
      using model = tinyViT();
      model.head?.bias?.set([0, Number.NaN, 0, 0]);
      const { accuracy, predictions, loss } = await evaluate(model, textures(10));
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', note);
      assert.deepEqual([accuracy, [...new Set(predictions)], loss], [0, [-1], Number.NaN]);
      assert.match(told.join(), /the model says NaN of 10 of 10 images: they count as wrong/);
    }));
});
