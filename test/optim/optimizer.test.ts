import assert from 'node:assert/strict';
import { F, optim, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { assertBadInput, assertSameBits, fromRef, returnsMemory } from '../native-op.js';
import { generator, normal } from '../reference/random.js';

type Make = (parameters: Tensor[]) => optim.Optimizer;

const KINDS: Record<string, Make> = {
  SGD: (parameters) => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9 }),
  AdamW: (parameters) => new optim.AdamW(parameters, { lr: 0.1 }),
  Adam: (parameters) => new optim.Adam(parameters, { lr: 0.1 }),
  Lion: (parameters) => new optim.Lion(parameters, { lr: 0.02, betas: [0.5, 0.5] }),
  Lamb: (parameters) => new optim.Lamb(parameters, { lr: 0.1, weightDecay: 0, maxGradNorm: 0 }),
};

const parametersFrom = (seed: number): Tensor[] =>
  [[7], [3, 5]].map((shape, i) => fromRef(normal(shape, generator(seed + i)), { requiresGrad: true }));

/** A step on gradients that the seed gives. */
function stepOn(optimizer: optim.Optimizer, seed: number): void {
  for (const [i, parameter] of optimizer.parameters.entries()) {
    parameter.grad = fromRef(normal(parameter.shape, generator(seed + i)));
  }
  optimizer.step();
  optimizer.zeroGrad();
}

describe('an optimizer', () => {
  returnsMemory();

  for (const [name, make] of Object.entries(KINDS)) {
    it(`${name} goes on from its state as if never stopped`, () => {
      const parameters = parametersFrom(1);
      const optimizer = make(parameters);
      for (let step = 0; step < 3; step++) stepOn(optimizer, 10 * step);
      const copies = parameters.map((parameter) =>
        tensor(parameter.dataSync(), parameter.shape, { requiresGrad: true }),
      );
      const resumed = make(copies);
      const state = optimizer.stateDict();
      resumed.loadStateDict(state);
      assert.equal(resumed.steps, 3);
      for (let step = 3; step < 5; step++) {
        stepOn(optimizer, 10 * step);
        stepOn(resumed, 10 * step);
      }
      for (const [i, copy] of copies.entries()) assertSameBits(copy, parameters[i], `parameter ${i}`);
      for (const made of [optimizer, resumed, ...parameters, ...copies]) made.dispose();
    });

    it(`${name} refuses a state of others, and loads nothing of it`, () => {
      const parameters = parametersFrom(1);
      const optimizer = make(parameters);
      stepOn(optimizer, 10);
      const before = [...optimizer.stateDict()].map(([key, value]) => [key, [...value.dataSync()]]);
      scope(() => {
        const steps = tensor([9, 9]);
        const [first] = [...optimizer.stateDict().keys()].filter((key) => key !== 'steps');
        assertBadInput(() => optimizer.loadStateDict(new Map()), /an optimizer's state for \w+ loadStateDict/);
        for (const [key, value] of [
          [first.replace('0.', '7.'), zeros([7])],
          ['0.speed', zeros([7])],
          ['weight', zeros([7])],
        ] as [string, Tensor][]) {
          const state = new Map([
            [first, zeros([7])],
            ['steps', steps],
            [key, value],
          ]);
          assertBadInput(
            () => optimizer.loadStateDict(state),
            /states \w+.* of these parameters for \w+ loadStateDict/,
          );
        }
        for (const [key, value, says] of [
          [first.replace('0.', '1.'), zeros([7]), /15 elements .*\(7\)/],
          [first.replace('0.', '1.'), zeros([3, 5], { dtype: 'int32' }), /float32 tensor .*int32/],
          ['steps', tensor([9]), /2 elements .*\(1\)/],
        ] as [string, Tensor, RegExp][]) {
          const state = new Map([
            [first, zeros([7])],
            ['steps', steps],
            [key, value],
          ]);
          assertBadInput(() => optimizer.loadStateDict(state), says);
        }
      });
      const after = [...optimizer.stateDict()].map(([key, value]) => [key, [...value.dataSync()]]);
      assert.deepEqual(after, before);
      for (const made of [optimizer, ...parameters]) made.dispose();
    });

    it(`${name} passes over parameters without gradient`, () => {
      const parameters = parametersFrom(2);
      const optimizer = make(parameters);
      const before = parameters.map((parameter) => [...parameter.dataSync()]);
      parameters[1].grad = fromRef(normal([3, 5], generator(3)));
      optimizer.step();
      assert.deepEqual([...parameters[0].dataSync()], before[0]);
      assert.notDeepEqual([...parameters[1].dataSync()], before[1]);
      for (const made of [optimizer, ...parameters]) made.dispose();
    });

    it(`${name} refuses no parameters, and one twice`, () => {
      const [parameter, other] = parametersFrom(4);
      assertBadInput(() => make([]), /at least one parameter for \w+ .*\[\]/);
      assertBadInput(() => make([parameter, parameter]), /each parameter once for \w+/);
      assertBadInput(() => make([tensor(new Int32Array(3))]), /float32 tensor for \w+ parameter .*int32/);
      assertBadInput(() => make([1] as unknown as Tensor[]), /parameters, or groups of them for \w+ .* 1\./);
      assertBadInput(() => make(parameter as unknown as Tensor[]), /array of parameters for \w+ .*\(7\)/);
      parameter.dispose();
      other.dispose();
    });
  }

  it('counts the steps of each parameter by itself, also after its state was loaded', () => {
    const parameters = parametersFrom(5);
    const optimizer = new optim.AdamW(parameters, { lr: 0.1 });
    stepOn(optimizer, 1);
    parameters[0].grad = fromRef(normal([7], generator(2)));
    optimizer.step();
    optimizer.zeroGrad();
    assert.deepEqual([...(optimizer.stateDict().get('steps')?.dataSync() ?? [])], [2, 1]);
    const other = new optim.AdamW(parameters, { lr: 0.1 });
    other.loadStateDict(optimizer.stateDict());
    assert.equal(other.steps, 2);
    assert.deepEqual([...(other.stateDict().get('steps')?.dataSync() ?? [])], [2, 1]);
    for (const made of [optimizer, other, ...parameters]) made.dispose();
  });

  it('drops gradients, so that the next backward writes anew', () => {
    const parameter = tensor([1, 2], [2], { requiresGrad: true });
    const optimizer = new optim.SGD([parameter], { lr: 0.1 });
    scope(() => F.sum(parameter).backward());
    scope(() => F.sum(parameter).backward());
    const gradient = (): number[] | undefined => (parameter.grad === null ? undefined : [...parameter.grad.dataSync()]);
    assert.deepEqual(gradient(), [2, 2]);
    optimizer.zeroGrad();
    assert.equal(gradient(), undefined);
    scope(() => F.sum(parameter).backward());
    assert.deepEqual(gradient(), [1, 1]);
    optimizer.dispose();
    parameter.dispose();
  });

  it('minimises', () => {
    for (const make of Object.values(KINDS)) {
      const parameter = tensor([3, -2], [2], { requiresGrad: true });
      const optimizer = make([parameter]);
      for (let step = 0; step < 300; step++) {
        optimizer.zeroGrad();
        scope(() => F.sum(F.mul(parameter, parameter)).backward());
        optimizer.step();
      }
      assert.ok(
        parameter.dataSync().every((value) => Math.abs(value) < 0.05),
        `${parameter.dataSync()}`,
      );
      optimizer.dispose();
      parameter.dispose();
    }
  });
});
