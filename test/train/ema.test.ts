import assert from 'node:assert/strict';
import { ModelEma, manualSeed, nn, optim, scope, synchronize, Trainer } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { assertNear, fromRef } from '../native-op.js';
import { leavesNothing } from '../runtime/leaves-nothing.js';
import { parameterHash, textures, tinyViT } from './tiny-problem.js';

interface EmaCase {
  kind: string;
  options: Record<string, number | boolean>;
  decays: number[];
}

const { cases } = loadGolden<EmaCase>('optim');

const OURS: Record<string, string> = {
  ...{ min_decay: 'minDecay', update_after_step: 'updateAfterStep', use_warmup: 'warmup' },
  ...{ warmup_gamma: 'warmupGamma', warmup_power: 'warmupPower' },
};

describe("timm's ModelEmaV3", () => {
  for (const { params, tensors } of cases.filter(({ params: { kind } }) => kind === 'ema')) {
    it(`is ModelEma with ${JSON.stringify(params.options)}`, () =>
      leavesNothing(() => {
        manualSeed(0);
        using linear = new nn.Linear(3, 2);
        scope(() => linear.weight.set(fromRef(tensors.w).dataSync()));
        const options = Object.fromEntries(
          Object.entries(params.options).map(([name, value]) => [OURS[name] ?? name, value]),
        );
        using ema = new ModelEma(linear, options);
        for (const [step, decay] of params.decays.entries()) {
          assert.ok(Math.abs(ema.decayAt(step) - decay) < 1e-12, `decay of ${step}`);
          scope(() => linear.weight.set(fromRef(tensors[`w${step}`]).dataSync()));
          ema.updates = step - 1; // the fixture counts from 0
          ema.update();
          const average = ema.stateDict().get('weight');
          assertNear(average ?? null, tensors[`e${step}`], `average after ${step}`);
        }
        synchronize();
      }));
  }
});

describe('an average of weights in training', () => {
  it('is the same bits captured and op by op, and what is evaluated', () =>
    leavesNothing(async () => {
      const results: unknown[] = [];
      for (const capture of [true, false]) {
        using model = tinyViT({ posDropRate: 0.1 });
        using ema = new ModelEma(model, { decay: 0.5 });
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        const options = {
          model,
          optimizer,
          train: textures(40),
          test: textures(16),
          batchSize: 8,
          epochs: 3,
          capture,
          ema,
        };
        const trainer = new Trainer(options);
        const { history } = await trainer.fit();
        const own = await trainer.evaluate(options.test);
        assert.notEqual(history[2].testLoss, own.loss);
        const before = parameterHash(model);
        const value = ema.within(() => model.head?.weight.dataSync());
        assert.equal(parameterHash(model), before);
        ema.copyToModel();
        assert.deepEqual(model.head?.weight.dataSync(), value);
        assert.equal((await trainer.evaluate(options.test)).loss, history[2].testLoss);
        results.push([parameterHash(model), ema.updates]);
        optimizer.dispose();
      }
      assert.deepEqual(results[0], results[1]);
    }));
});
