import assert from 'node:assert/strict';
import { join } from 'node:path';
import { resolveSettings, type TrainFlags } from '../../lib/cli/train-settings.js';

const flags = (given: Partial<TrainFlags>): TrainFlags => ({ capture: true, report: true, ...given });

describe('resolveSettings', () => {
  it('makes the digits recipe of the preset', () => {
    assert.deepEqual(resolveSettings(flags({ preset: 'digits' })), {
      data: null,
      out: join('runs', 'digits'),
      epochs: 60,
      batch: 64,
      optimizer: 'sgd',
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 0,
      warmup: 0.05,
      clip: 1,
      labelSmoothing: 0,
      seed: 0,
      model: { name: null, patch: 4, dim: 64, depth: 4, heads: 4, mlpRatio: 4, dropout: 0, dropPath: 0 },
      threads: undefined,
      precision: 'fp32',
      checkpoint: false,
      trace: undefined,
      capture: true,
      report: true,
      quiet: false,
      force: false,
    });
  });

  it('lets every flag have its way, 0 too', () => {
    const { lr, momentum, seed, clip, model } = resolveSettings(
      flags({ preset: 'digits', lr: 0.5, momentum: 0, seed: 7, clip: 0, depth: 2, dropPath: 0.1 }),
    );
    assert.deepEqual([lr, momentum, seed, clip, model.depth, model.dropPath], [0.5, 0, 7, 0, 2, 0.1]);
  });

  it('names the run after the data', () => {
    assert.equal(resolveSettings(flags({ data: join('sets', 'mnist') })).out, join('runs', 'mnist'));
    assert.equal(resolveSettings(flags({ data: 'sets/mnist/', out: 'here' })).out, 'here');
  });

  it('gives AdamW its own defaults', () => {
    const { lr, momentum, weightDecay } = resolveSettings(flags({ preset: 'digits', optimizer: 'adamw' }));
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
        'Expected --preset digits or --data <folder> for vitrine train but received neither. The preset trains on the bundled digits; --data names a folder of IDX files.',
    });
  });

  it('refuses --preset beside --data', () => {
    assert.throws(() => resolveSettings(flags({ preset: 'digits', data: 'here' })), {
      name: 'TypeError',
      message: /^Expected --preset or --data for vitrine train but received both\./,
    });
  });

  it('refuses momentum for AdamW', () => {
    assert.throws(() => resolveSettings(flags({ preset: 'digits', optimizer: 'adamw', momentum: 0.9 })), {
      message: "Expected --optimizer sgd for --momentum but received 'adamw'. AdamW has no momentum to set.",
    });
  });
});
