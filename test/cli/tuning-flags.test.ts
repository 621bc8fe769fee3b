import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { chooseTrained } from '../../lib/cli/choose-trained.js';
import { classWeightsFlag, classWeightsFor } from '../../lib/cli/class-weights-flag.js';
import { type DecidedFlags, type ModelSettings, resolveSettings } from '../../lib/cli/train-settings.js';
import { UsageError } from '../../lib/cli/usage-error.js';
import { optim, Trainer, type ViT } from '../../lib/index.js';
import { temporaryDirectory } from '../io/temporary-directory.js';
import { returnsMemory } from '../native-op.js';
import { textures, tinyViT } from '../train/tiny-problem.js';

const flags = (given: Partial<DecidedFlags>): DecidedFlags => ({
  aug: true,
  checkpoints: true,
  capture: true,
  report: true,
  ...given,
});

/** The sentence with which something is refused as a command line that makes no sense. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  return assert.fail('nothing was refused');
}

const settings = (given: Partial<ModelSettings>): ModelSettings => ({
  ...resolveSettings(flags({ preset: 'digits' })).model,
  ...given,
});

const trained = (model: ViT): string[] =>
  [...model.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad).map(([name]) => name);

describe('flags about what of a checkpoint is trained', () => {
  returnsMemory();

  it('ask for adapters, with rates of their own and no decay by layer', () => {
    const found = resolveSettings(flags({ data: 'x', pretrained: 'y', lora: 4, loraTargets: 'qkv, fc1' }), 32);
    assert.deepEqual(found.model.lora, { rank: 4, alpha: 4, targets: ['qkv', 'fc1'] });
    assert.deepEqual([found.lr, found.layerDecay], [1e-3, null]);
    const whole = resolveSettings(flags({ data: 'x', pretrained: 'y' }), 32);
    assert.deepEqual([whole.model.lora, whole.lr, whole.layerDecay], [null, 5e-4, 0.75]);
  });

  it('are refused where they contradict each other, or have nothing to begin with', () => {
    const begun = { data: 'x', pretrained: 'y' };
    const cases: [Partial<DecidedFlags>, RegExp][] = [
      [{ data: 'x', lora: 4 }, /--pretrained <path> for --lora but received none/],
      [{ data: 'x', linearProbe: true }, /--pretrained <path> for --linear-probe/],
      [{ ...begun, loraAlpha: 4 }, /--lora <rank> for --lora-alpha/],
      [{ ...begun, loraTargets: 'qkv' }, /--lora <rank> for --lora-targets/],
      [{ ...begun, lora: 4, linearProbe: true }, /--lora or --linear-probe for vitrine train but received both/],
      [{ ...begun, linearProbe: true, freeze: 'x' }, /--linear-probe or --freeze/],
    ];
    for (const [given, message] of cases)
      assert.match(
        refusal(() => resolveSettings(flags(given), 32)),
        message,
      );
  });

  it('leave the head to a linear probe, and adapters to LoRA', () => {
    using probed = tinyViT();
    assert.equal(chooseTrained(probed, settings({ linearProbe: true })), undefined);
    assert.deepEqual(trained(probed), ['head.weight', 'head.bias']);
    using adapted = tinyViT();
    const lora = { rank: 2, alpha: 2, targets: ['all-linear'] };
    assert.equal(chooseTrained(adapted, settings({ lora }))?.layers.size, 8);
    assert.equal(trained(adapted).length, 18);
    assert.throws(() => chooseTrained(probed, settings({ freeze: '*' })), /something left to train.+--linear-probe/);
  });

  it('of a linear probe record the head alone for backward, and train nothing else', async () => {
    using model = tinyViT();
    chooseTrained(model, settings({ linearProbe: true }));
    const before = new Map([...model.namedParameters()].map(([name, value]) => [name, [...value.dataSync()]]));
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await new Trainer({ model, optimizer, train: textures(16), batchSize: 8, epochs: 3 }).fit();
    optimizer.dispose();
    for (const [name, value] of model.namedParameters()) {
      const same = JSON.stringify([...value.dataSync()]) === JSON.stringify(before.get(name));
      assert.equal(same, !name.startsWith('head'), name);
    }
  });
});

describe('--class-weights', () => {
  const path = temporaryDirectory();

  it('takes balanced, weights by name, and a file of these', () => {
    assert.equal(classWeightsFlag('balanced'), 'balanced');
    assert.deepEqual(classWeightsFlag('cat=2, a=b=0.5'), { cat: 2, 'a=b': 0.5 });
    writeFileSync(path('weights.json'), '{ "cat": 3 }');
    assert.deepEqual(classWeightsFlag(path('weights.json')), { cat: 3 });
    assert.deepEqual(classWeightsFor({ cat: 3 }, ['ant', 'cat']), [1, 3]);
    assert.equal(classWeightsFor('balanced', ['ant', 'cat']), 'balanced');
  });

  it('are refused in words', () => {
    for (const wrong of ['cat=', '=2', 'cat=x', 'cat=-1', 'cat=1,dog']) {
      assert.match(
        refusal(() => classWeightsFlag(wrong)),
        /balanced, <name>=<weight>,\.\.\. or a JSON file for --class-weights/,
      );
    }
    assert.match(
      refusal(() => classWeightsFlag(path('none.json'))),
      /--class-weights .+none\.json.+ENOENT/,
    );
    writeFileSync(path('wrong.json'), '{ "cat": "x" }');
    assert.throws(() => classWeightsFlag(path('wrong.json')), /a finite number .+ for "cat" in .+wrong\.json/);
    const unknown = refusal(() => classWeightsFor({ cats: 2 }, ['ant', 'cat']));
    assert.match(unknown, /classes among "ant", "cat" for --class-weights but received "cats"\. Did you mean cat\?/);
    assert.match(
      refusal(() => classWeightsFor({ ant: 0, cat: 0 }, ['ant', 'cat'])),
      /a weight above 0/,
    );
  });
});
