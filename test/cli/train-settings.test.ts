import assert from 'node:assert/strict';
import { join } from 'node:path';
import { makeSchedule } from '../../lib/cli/make-optimizer.js';
import { type DecidedFlags, resolveSettings } from '../../lib/cli/train-settings.js';

const flags = (given: Partial<DecidedFlags>): DecidedFlags => ({
  aug: true,
  checkpoints: true,
  capture: true,
  report: true,
  ...given,
});

describe('resolveSettings', () => {
  it('makes the digits recipe of the preset', () => {
    assert.deepEqual(resolveSettings(flags({ preset: 'digits' })), {
      data: null,
      valSplit: undefined,
      imgSize: null,
      out: join('runs', 'digits'),
      epochs: 60,
      batch: 64,
      optimizer: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      layerDecay: null,
      schedule: 'cosine',
      scheduling: {
        minLr: 0,
        cycles: 1,
        power: 1,
        decayEpochs: 20,
        decayMilestones: [],
        decayRate: 0.1,
        patienceEpochs: 10,
      },
      warmupEpochs: 3,
      clip: 1,
      gradAccumSteps: 1,
      ema: null,
      labelSmoothing: 0,
      classWeights: null,
      augment: null,
      cache: 'auto',
      seed: 0,
      model: {
        name: null,
        pretrained: null,
        freeze: null,
        linearProbe: false,
        lora: null,
        patch: 4,
        dim: 64,
        depth: 4,
        heads: 4,
        mlpRatio: 4,
        dropout: 0,
        dropPath: 0,
      },
      threads: undefined,
      precision: 'fp32',
      gradCheckpointing: false,
      optimizerInBackward: false,
      trace: undefined,
      checkpoints: false,
      resume: false,
      capture: true,
      report: true,
      tensorboard: false,
      quiet: false,
      json: false,
      force: false,
    });
  });

  it('lets every flag have its way, 0 too', () => {
    const { lr, momentum, seed, clip, model } = resolveSettings(
      flags({ preset: 'digits', lr: 0.5, momentum: 0, seed: 7, clipGrad: 0, depth: 2, dropPath: 0.1 }),
    );
    assert.deepEqual([lr, momentum, seed, clip, model.depth, model.dropPath], [0.5, 0, 7, 0, 2, 0.1]);
  });

  it('names the run after the data', () => {
    assert.equal(resolveSettings(flags({ data: join('sets', 'mnist') })).out, join('runs', 'mnist'));
    assert.equal(resolveSettings(flags({ data: 'sets/mnist/', out: 'here' })).out, 'here');
  });

  it('gives AdamW its own defaults', () => {
    const { lr, momentum, weightDecay } = resolveSettings(flags({ preset: 'digits', opt: 'adamw' }));
    assert.deepEqual([lr, momentum, weightDecay], [0.001, 0, 0.05]);
  });

  it('leaves the sizes of a named model to its name', () => {
    const { model } = resolveSettings(flags({ preset: 'digits', model: 'vit_tiny_patch16_224', patch: 2 }));
    assert.deepEqual(
      [model.name, model.patch, model.dim, model.depth],
      ['vit_tiny_patch16_224', 2, undefined, undefined],
    );
  });

  it('asks for something to train on', () => {
    assert.throws(() => resolveSettings(flags({})), {
      name: 'TypeError',
      message:
        'Expected --preset digits or --data <folder> for vitrine train but received neither. The preset trains on the bundled digits; --data names a folder of images in class folders.',
    });
  });

  it('refuses flags of augmentation beside --no-aug, and of mixing without any', () => {
    const photos = { data: 'photos' };
    assert.throws(() => resolveSettings({ ...flags({ ...photos, cutmix: 1 }), aug: false }, 32), {
      message: /^Expected --no-aug or what to do for vitrine train but received --cutmix too\./,
    });
    assert.throws(() => resolveSettings(flags({ ...photos, mixup: 0, mixupMode: 'pair' }), 32), {
      message: /^Expected --mixup or --cutmix for --mixup-mode but received neither\./,
    });
    const { augment } = resolveSettings(flags({ ...photos, cutmix: 1, mixupProb: 0.5 }), 32);
    assert.deepEqual([augment?.cutmix, augment?.mixupProb, augment?.mixup], [1, 0.5, undefined]);
  });

  it('refuses --preset beside --data', () => {
    assert.throws(() => resolveSettings(flags({ preset: 'digits', data: 'here' })), {
      name: 'TypeError',
      message: /^Expected --preset or --data for vitrine train but received both\./,
    });
  });

  it('takes what belongs to a schedule, and refuses it with another', () => {
    const run = { preset: 'digits', epochs: 9 } as const;
    const { scheduling } = resolveSettings(flags({ ...run, sched: 'step', decayRate: 0.5 }));
    assert.deepEqual([scheduling.decayEpochs, scheduling.decayRate], [3, 0.5]);
    assert.throws(() => resolveSettings(flags({ ...run, decayEpochs: 3 })), {
      message: 'Expected --sched step for --decay-epochs but received 3. The schedule is cosine, which knows none.',
    });
    assert.throws(() => resolveSettings(flags({ ...run, sched: 'onecycle', minLr: 1e-5 })), {
      message: /^Expected --sched cosine or linear or poly or plateau for --min-lr but received 0\.00001\./,
    });
    assert.throws(() => resolveSettings(flags({ ...run, sched: 'multistep' })), {
      message: /^Expected --decay-milestones for --sched multistep but received none\./,
    });
  });

  it('refuses momentum for AdamW', () => {
    assert.throws(() => resolveSettings(flags({ preset: 'digits', opt: 'adamw', momentum: 0.9 })), {
      message: "Expected --opt sgd for --momentum but received 'adamw'. The others have no momentum to set.",
    });
  });
});

describe('makeSchedule', () => {
  // Ten steps an epoch, ten epochs, the first of which is the warmup.
  const rates = (given: Partial<DecidedFlags>, ...epochs: number[]): number[] => {
    const run = { preset: 'digits', epochs: 10, warmupEpochs: 1, batchSize: 10, lr: 1 } as const;
    const schedule = makeSchedule(resolveSettings(flags({ ...run, ...given })), 100);
    return epochs.map((epoch) => schedule(10 * epoch));
  };

  it('refuses momentum where the recipe takes AdamW', () => {
    for (const given of [{ data: 'x' }, { data: 'x', pretrained: 'y' }]) {
      assert.throws(() => resolveSettings(flags({ ...given, momentum: 0.9 }), 32), /--opt sgd for --momentum.*'adamw'/);
    }
  });

  it('counts the epochs of cuts: from the warmup on where they repeat, from the beginning where they are named', () => {
    assert.deepEqual(rates({ sched: 'step', decayEpochs: 2, decayRate: 0.5 }, 1, 2.9, 3, 5), [1, 1, 0.5, 0.25]);
    assert.deepEqual(rates({ sched: 'multistep', decayMilestones: [3, 6] }, 2.9, 3, 6), [1, 0.1, 0.1 ** 2]);
    assert.throws(() => rates({ sched: 'multistep', decayMilestones: [1] }), {
      message: 'Expected epochs after the warmup and before the last, 10 for --decay-milestones but received 1.',
    });
  });

  it('refuses a warmup and cuts beyond the end', () => {
    assert.doesNotThrow(() => rates({ warmupEpochs: 10 }));
    assert.throws(() => rates({ warmupEpochs: 10.5 }), {
      message: 'Expected at most the training, 10 epochs, for --warmup-epochs but received 10.5.',
    });
    assert.throws(() => rates({ sched: 'step', decayEpochs: 10 }), {
      message: 'Expected less than the training, 10 epochs, for --decay-epochs but received 10.',
    });
  });

  it('ends at the least rate, in a straight line or by a power, and restarts', () => {
    assert.equal(rates({ sched: 'poly', schedPower: 2, minLr: 0.1 }, 5.5)[0], 0.1 + 0.9 * 0.25);
    assert.deepEqual(rates({ minLr: 0.1, lrCycleLimit: 3 }, 1, 4, 7, 10), [1, 1, 1, 0.1]);
    assert.throws(() => rates({ minLr: 2 }), { message: 'Expected at most the rate, 1 for --min-lr but received 2.' });
  });

  it('hears of the evaluations where it waits for progress', () => {
    const settings = resolveSettings(flags({ preset: 'digits', sched: 'plateau', patienceEpochs: 0, warmupEpochs: 0 }));
    const schedule = makeSchedule(settings, 100);
    for (const loss of [1, 1]) schedule.observe?.(loss);
    assert.ok(Math.abs(schedule(5) - 0.01) < 1e-12);
  });
});
