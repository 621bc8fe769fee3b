import assert from 'node:assert/strict';
import { optim, tensor } from '../../lib/index.js';
import type { SGDOptions } from '../../lib/optim/sgd.js';
import { assertBadInput, assertNear, fromRef, returnsMemory } from '../native-op.js';
import { map, type Ref } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';
import { type SgdState, sgdStep } from '../reference/sgd.js';

const OPTIONS: SGDOptions[] = [
  { lr: 0.1 },
  { lr: 0 },
  { lr: 0.1, weightDecay: 0.05 },
  { lr: 0.1, momentum: 0.9 },
  { lr: 0.1, momentum: 0.9, dampening: 0.3 },
  { lr: 0.1, momentum: 0.9, nesterov: true },
  { lr: 0.1, momentum: 0.9, weightDecay: 0.05 },
  { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.05 },
  { lr: 0.1, momentum: 0.5, nesterov: true, weightDecay: 0.05 },
  { lr: 0.1, dampening: 0.3, weightDecay: 0.05 },
];

const SHAPES = [[1], [7], [17, 197], [0, 3], [2, 3, 4], []];

describe('optim.SGD', () => {
  returnsMemory();

  for (const options of OPTIONS) {
    it(`takes PyTorch's steps with ${JSON.stringify(options)}`, () => {
      const random = generator(1);
      let states: SgdState[] = SHAPES.map((shape) => ({ param: normal(shape, random) }));
      const parameters = states.map(({ param }) => fromRef(param, { requiresGrad: true }));
      const optimizer = new optim.SGD(parameters, options);
      for (let step = 0; step < 5; step++) {
        const gradients: Ref[] = SHAPES.map((shape) => normal(shape, random));
        for (const [i, parameter] of parameters.entries()) parameter.grad = fromRef(gradients[i]);
        optimizer.step();
        optimizer.zeroGrad();
        states = states.map((state, i) => sgdStep(state, gradients[i], options));
        for (const [i, parameter] of parameters.entries()) {
          assertNear(parameter, states[i].param, `parameter ${i} after step ${step}`);
        }
      }
      assert.equal(optimizer.steps, 5);
      optimizer.dispose();
      for (const parameter of parameters) parameter.dispose();
    });
  }

  it('follows a learning rate that changes', () => {
    const random = generator(2);
    let state: SgdState = { param: normal([17], random) };
    const parameter = fromRef(state.param, { requiresGrad: true });
    const optimizer = new optim.SGD([parameter], { lr: 1, momentum: 0.9 });
    for (const lr of [0.1, 0.5, 0]) {
      const gradient = normal([17], random);
      optimizer.lr = lr;
      parameter.grad = fromRef(gradient);
      optimizer.step();
      optimizer.zeroGrad();
      state = sgdStep(state, gradient, { lr, momentum: 0.9 });
      assertNear(parameter, state.param, `parameter at ${lr}`);
    }
    optimizer.dispose();
    parameter.dispose();
  });

  it('gives each group its rate and decay', () => {
    const param = normal([17], generator(3));
    const gradient = normal([17], generator(4));
    const parameters = [0, 1, 2].map(() => fromRef(param, { requiresGrad: true }));
    const optimizer = new optim.SGD(
      [
        { params: [parameters[0]] },
        { params: [parameters[1]], lrScale: 0.5, weightDecay: 0 },
        { params: [parameters[2]], lrScale: 2, weightDecay: 0.2 },
      ],
      { lr: 0.1, weightDecay: 0.05 },
    );
    for (const parameter of parameters) parameter.grad = fromRef(gradient);
    optimizer.step();
    const wanted = [{ lr: 0.1, weightDecay: 0.05 }, { lr: 0.05 }, { lr: 0.2, weightDecay: 0.2 }].map(
      (options) => sgdStep({ param }, gradient, options).param,
    );
    for (const [i, parameter] of parameters.entries()) assertNear(parameter, wanted[i], `group ${i}`);
    optimizer.dispose();
    for (const parameter of parameters) parameter.dispose();
  });

  it('begins the momentum of a parameter with its first gradient, however late', () => {
    const param = normal([7], generator(5));
    const gradient = normal([7], generator(6));
    const options = { lr: 0.1, momentum: 0.9, dampening: 0.4 };
    const [early, late] = [fromRef(param, { requiresGrad: true }), fromRef(param, { requiresGrad: true })];
    const optimizer = new optim.SGD([early, late], options);
    early.grad = fromRef(gradient);
    optimizer.step();
    assertNear(late, param, 'parameter without gradient');
    late.grad = fromRef(gradient);
    optimizer.step();
    // PyTorch keeps a buffer for each parameter: the first gradient of each enters undampened.
    assertNear(late, sgdStep({ param }, gradient, options).param, 'parameter with its first gradient');
    const twice = sgdStep(sgdStep({ param }, gradient, options), gradient, options);
    assertNear(early, twice.param, 'parameter with its second gradient');
    optimizer.dispose();
    early.dispose();
    late.dispose();
  });

  it('refuses options out of range', () => {
    const parameter = tensor([1], [1], { requiresGrad: true });
    const run = (options: SGDOptions) => new optim.SGD([parameter], options);
    assertBadInput(() => run({ lr: -1 }), /at least 0 for SGD lr .*-1\./);
    assertBadInput(() => run({ lr: Number.NaN }), /SGD lr .*NaN/);
    assertBadInput(() => run({} as SGDOptions), /SGD lr .*undefined/);
    assertBadInput(() => run(undefined as unknown as SGDOptions), /SGD lr .*undefined/);
    assertBadInput(() => run({ lr: 1, momentum: -1 }), /SGD momentum .*-1\./);
    assertBadInput(() => run({ lr: 1, weightDecay: -1 }), /SGD weightDecay .*-1\./);
    assertBadInput(() => run({ lr: 1, dampening: Number.NaN }), /SGD dampening .*NaN/);
    assertBadInput(() => run({ lr: 1, nesterov: true }), /momentum, and no dampening for SGD nesterov/);
    assertBadInput(
      () => run({ lr: 1, nesterov: true, momentum: 0.9, dampening: 0.1 }),
      /no dampening for SGD nesterov/,
    );
    parameter.dispose();
  });

  it('leaves equal parameters with equal gradients equal', () => {
    const param = normal([197], generator(7));
    const gradient = map(param, (value) => Math.fround(value / 3));
    const parameters = [0, 1].map(() => fromRef(param, { requiresGrad: true }));
    const optimizer = new optim.SGD(parameters, { lr: 0.1, momentum: 0.9 });
    for (const parameter of parameters) parameter.grad = fromRef(gradient);
    optimizer.step();
    assert.deepEqual(parameters[0].dataSync(), parameters[1].dataSync());
    optimizer.dispose();
    for (const parameter of parameters) parameter.dispose();
  });
});
