import assert from 'node:assert/strict';
import { optim, type Tensor } from '../../lib/index.js';
import { type GoldenCase, loadGolden } from '../golden.js';
import { assertNear, fromRef, returnsMemory } from '../native-op.js';

interface OptimizerCase {
  kind: 'optimizer';
  optimizer: 'Adam' | 'Lion' | 'Lamb';
  options: Record<string, unknown>;
  groups: Record<string, unknown>[];
}

interface ScheduleCase {
  kind: 'schedule';
  schedule: 'step' | 'multiStep' | 'linear' | 'poly' | 'cosine' | 'oneCycle';
  options: { lr: number };
  lrs: number[];
}

interface PlateauCase {
  kind: 'plateau';
  options: optim.PlateauScheduleOptions;
  metrics: (number | null)[];
  lrs: number[];
}

type Case = OptimizerCase | ScheduleCase | PlateauCase | { kind: 'ema' };

const SCHEDULES = {
  step: optim.stepSchedule,
  multiStep: optim.multiStepSchedule,
  linear: optim.linearSchedule,
  poly: optim.polySchedule,
  cosine: optim.cosineSchedule,
  oneCycle: optim.oneCycleSchedule,
};

const { cases } = loadGolden<Case>('optim');

function casesOf<K extends Case['kind']>(kind: K): GoldenCase<Extract<Case, { kind: K }>>[] {
  return cases.filter((one) => one.params.kind === kind) as GoldenCase<Extract<Case, { kind: K }>>[]; // as filtered
}

/** Options in our spelling: `weight_decay` is `weightDecay`, and no maximum is 0. */
function spelt(options: Record<string, unknown>): object {
  const entries = Object.entries(options).map(([name, value]) => [
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value ?? 0,
  ]);
  return Object.fromEntries(entries);
}

describe("PyTorch's and timm's optimizers", () => {
  returnsMemory();

  for (const { params, tensors } of casesOf('optimizer')) {
    const { optimizer: name, options, groups } = params;
    it(`${name} with ${JSON.stringify(options)}${groups.length > 0 ? ' and groups' : ''}`, () => {
      const parameters = [0, 1, 2].map((i) => fromRef(tensors[`p${i}`], { requiresGrad: true }));
      const given: readonly Tensor[] | optim.ParameterGroup[] =
        groups.length === 0 ? parameters : groups.map((group, i) => ({ params: [parameters[i]], ...spelt(group) }));
      const optimizer = new optim[name](given, spelt(options));
      for (let step = 0; step < 5; step++) {
        for (const [i, parameter] of parameters.entries()) parameter.grad = fromRef(tensors[`g${step}.${i}`]);
        optimizer.step();
        optimizer.zeroGrad();
        for (const [i, parameter] of parameters.entries()) {
          assertNear(parameter, tensors[`p${step}.${i}`], `parameter ${i} after step ${step}`);
        }
      }
      optimizer.dispose();
      for (const parameter of parameters) parameter.dispose();
    });
  }
});

describe("PyTorch's and timm's schedulers", () => {
  const near = (actual: number, expected: number, step: number): void =>
    assert.ok(Math.abs(actual - expected) < 1e-12, `step ${step}: ${actual}, expected ${expected}`);

  for (const { params } of casesOf('schedule')) {
    const { schedule: name, options, lrs } = params;
    it(`${name} with ${JSON.stringify(options)}`, () => {
      const schedule = SCHEDULES[name](options as never); // as the fixture says
      for (const [step, lr] of lrs.entries()) near(schedule(step), lr, step);
      const other = SCHEDULES[name]({ ...options, lr: 0.7 } as never);
      for (const step of lrs.keys()) near(schedule.of?.(0.7)(step) ?? 0, other(step), step);
    });
  }

  for (const { params } of casesOf('plateau')) {
    it(`plateau with ${JSON.stringify(params.options)}, and from its state again`, () => {
      let schedule = optim.plateauSchedule(params.options);
      for (const [i, metric] of params.metrics.entries()) {
        schedule.observe(metric ?? Number.NaN);
        near(schedule(i), params.lrs[i], i);
        const state = JSON.parse(JSON.stringify(schedule.state()));
        schedule = optim.plateauSchedule(params.options);
        schedule.load(state);
      }
      assert.ok(new Set(params.lrs).size > 1);
    });
  }

  it('are those of groups with rates of their own, and other functions in proportion', () => {
    const [a, b, c] = [1, 2, 3].map((value) => fromRef({ shape: [1], data: Float64Array.of(value) }));
    const groups = [{ params: [a] }, { params: [b], lr: 1 }, { params: [c], lrScale: 0.5 }];
    const optimizer = new optim.SGD(groups, { lr: 0.1 });
    optimizer.lr = 0.05;
    assert.deepEqual(
      optimizer.groups.map(({ lr }) => lr),
      [0.05, 0.5, 0.05],
    );
    optimizer.groups[1].lr = 0.25;
    assert.equal(optimizer.lr, 0.05);
    for (const made of [optimizer, a, b, c]) made.dispose();
  });
});
