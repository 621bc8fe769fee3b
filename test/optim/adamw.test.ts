import assert from 'node:assert/strict';
import { optim, tensor } from '../../lib/index.js';
import type { AdamWOptions } from '../../lib/optim/adamw.js';
import { assertBadInput, assertNear, fromRef, returnsMemory } from '../native-op.js';
import { type AdamWState, adamwStep } from '../reference/adamw.js';
import type { Ref } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';

const OPTIONS: AdamWOptions[] = [
  {},
  { lr: 0.1 },
  { lr: 0.1, weightDecay: 0 },
  { lr: 0.1, weightDecay: 0.5 },
  { lr: 0.1, betas: [0.5, 0.9] },
  { lr: 0.1, betas: [0, 0] },
  { lr: 0.1, eps: 0.1 },
];

const SHAPES = [[1], [7], [17, 197], [0, 3], []];

/** The reference's words for the same options. */
const inReference = ({ lr = 1e-3, betas: [beta1, beta2] = [0.9, 0.999], eps, weightDecay }: AdamWOptions) => ({
  lr,
  beta1,
  beta2,
  eps,
  weightDecay,
});

describe('optim.AdamW', () => {
  returnsMemory();

  for (const options of OPTIONS) {
    it(`takes PyTorch's steps with ${JSON.stringify(options)}`, () => {
      const random = generator(1);
      let states: AdamWState[] = SHAPES.map((shape) => ({ param: normal(shape, random), step: 0 }));
      const parameters = states.map(({ param }) => fromRef(param, { requiresGrad: true }));
      const optimizer = new optim.AdamW(parameters, options);
      for (let step = 0; step < 7; step++) {
        const gradients: Ref[] = SHAPES.map((shape) => normal(shape, random));
        for (const [i, parameter] of parameters.entries()) parameter.grad = fromRef(gradients[i]);
        optimizer.step();
        optimizer.zeroGrad();
        states = states.map((state, i) => adamwStep(state, gradients[i], inReference(options)));
        for (const [i, parameter] of parameters.entries()) {
          assertNear(parameter, states[i].param, `parameter ${i} after step ${step}`);
        }
      }
      optimizer.dispose();
      for (const parameter of parameters) parameter.dispose();
    });
  }

  it('corrects the bias of late steps as of early ones', () => {
    const param = normal([17], generator(2));
    const gradient = normal([17], generator(3));
    const parameter = fromRef(param, { requiresGrad: true });
    const optimizer = new optim.AdamW([parameter], { lr: 0.01 });
    let state: AdamWState = { param, step: 0 };
    parameter.grad = fromRef(gradient);
    for (let step = 0; step < 300; step++) {
      optimizer.step();
      state = adamwStep(state, gradient, { lr: 0.01 });
    }
    assertNear(parameter, state.param, 'parameter after 300 steps', 1e-4);
    optimizer.dispose();
    parameter.dispose();
  });

  it('corrects the bias of a parameter by its own steps, however late it joins', () => {
    const param = normal([7], generator(7));
    const gradient = normal([7], generator(8));
    const [early, late] = [fromRef(param, { requiresGrad: true }), fromRef(param, { requiresGrad: true })];
    const optimizer = new optim.AdamW([early, late], { lr: 0.1 });
    early.grad = fromRef(gradient);
    for (let step = 0; step < 9; step++) optimizer.step();
    assertNear(late, param, 'parameter without gradient');
    late.grad = fromRef(gradient);
    optimizer.step();
    assertNear(late, adamwStep({ param, step: 0 }, gradient, { lr: 0.1 }).param, 'parameter with its first gradient');
    let state: AdamWState = { param, step: 0 };
    for (let step = 0; step < 10; step++) state = adamwStep(state, gradient, { lr: 0.1 });
    assertNear(early, state.param, 'parameter with its tenth gradient');
    optimizer.dispose();
    early.dispose();
    late.dispose();
  });

  it('stays at zero gradients, but for decay', () => {
    const param = normal([7], generator(4));
    const parameter = fromRef(param, { requiresGrad: true });
    const optimizer = new optim.AdamW([parameter], { lr: 0.1, weightDecay: 0 });
    parameter.grad = tensor(new Float32Array(7));
    optimizer.step();
    assert.deepEqual([...parameter.dataSync()], [...param.data]);
    optimizer.dispose();
    parameter.dispose();
  });

  it('gives each group its rate and decay', () => {
    const param = normal([17], generator(5));
    const gradient = normal([17], generator(6));
    const parameters = [0, 1].map(() => fromRef(param, { requiresGrad: true }));
    const optimizer = new optim.AdamW(
      [{ params: [parameters[0]] }, { params: [parameters[1]], lrScale: 0.5, weightDecay: 0 }],
      { lr: 0.1, weightDecay: 0.3 },
    );
    for (const parameter of parameters) parameter.grad = fromRef(gradient);
    optimizer.step();
    const wanted = [
      { lr: 0.1, weightDecay: 0.3 },
      { lr: 0.05, weightDecay: 0 },
    ].map((options) => adamwStep({ param, step: 0 }, gradient, options).param);
    for (const [i, parameter] of parameters.entries()) assertNear(parameter, wanted[i], `group ${i}`);
    optimizer.dispose();
    for (const parameter of parameters) parameter.dispose();
  });

  it('refuses options out of range', () => {
    const parameter = tensor([1], [1], { requiresGrad: true });
    const run = (options: AdamWOptions) => new optim.AdamW([parameter], options);
    assertBadInput(() => run({ lr: -1 }), /at least 0 for AdamW lr .*-1\./);
    assertBadInput(() => run({ betas: [0.9, 1] }), /below 1 for AdamW betas .*\[0\.9, 1\]/);
    assertBadInput(() => run({ betas: [-0.1, 0.9] }), /AdamW betas .*-0\.1/);
    assertBadInput(() => run({ betas: [0.9] as unknown as [number, number] }), /AdamW betas .*\[0\.9\]/);
    assertBadInput(() => run({ betas: 0.9 as unknown as [number, number] }), /AdamW betas .* 0\.9\./);
    assertBadInput(() => run({ eps: -1 }), /AdamW eps .*-1\./);
    assertBadInput(() => run({ weightDecay: Number.NaN }), /AdamW weightDecay .*NaN/);
    parameter.dispose();
  });
});
