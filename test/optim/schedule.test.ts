import assert from 'node:assert/strict';
import { optim } from '../../lib/index.js';
import { assertBadInput } from '../native-op.js';

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, expected ${expected}`);

describe('optim.cosineSchedule', () => {
  it('warms up in equal steps to the full rate, then falls as half a cosine to nothing', () => {
    const schedule = optim.cosineSchedule({ lr: 2, totalSteps: 12, warmupSteps: 4 });
    for (const [step, rate] of [0.5, 1, 1.5, 2].entries()) near(schedule(step), rate);
    near(schedule(4), 2);
    near(schedule(6), 1 + Math.SQRT1_2);
    near(schedule(8), 1);
    near(schedule(10), 1 - Math.SQRT1_2);
    near(schedule(12), 0);
  });

  it('never rises after the warmup, and stays at the least rate after the end', () => {
    const schedule = optim.cosineSchedule({ lr: 0.1, totalSteps: 197, warmupSteps: 7, minLr: 0.01 });
    for (let step = 7; step < 200; step++) assert.ok(schedule(step + 1) <= schedule(step), `step ${step}`);
    near(schedule(197), 0.01);
    near(schedule(1000), 0.01);
  });

  it('does without warmup, and with nothing but warmup', () => {
    near(optim.cosineSchedule({ lr: 1, totalSteps: 10 })(0), 1);
    const all = optim.cosineSchedule({ lr: 1, totalSteps: 2, warmupSteps: 2 });
    near(all(0), 0.5);
    near(all(1), 1);
    assert.ok(Number.isFinite(all(2)));
  });

  it('refuses options out of range', () => {
    const run = (options: Partial<optim.CosineScheduleOptions>) =>
      optim.cosineSchedule({ lr: 1, totalSteps: 10, ...options });
    assertBadInput(() => run({ lr: -1 }), /cosineSchedule lr .*-1\./);
    assertBadInput(() => run({ lr: Number.NaN }), /cosineSchedule lr .*NaN/);
    assertBadInput(() => run({ totalSteps: 0 }), /cosineSchedule totalSteps .* 0\./);
    assertBadInput(() => run({ totalSteps: 1.5 }), /cosineSchedule totalSteps .*1\.5/);
    assertBadInput(() => run({ warmupSteps: 11 }), /from 0 to 10 for cosineSchedule warmupSteps .* 11\./);
    assertBadInput(() => run({ minLr: 2 }), /from 0 to 1 for cosineSchedule minLr .* 2\./);
  });
});
