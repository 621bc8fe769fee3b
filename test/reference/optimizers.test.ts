import assert from 'node:assert/strict';
import { type AdamWState, adamwStep } from './adamw.js';
import { full, type Ref, ref, zeros } from './array.js';
import { assertClose } from './assert-close.js';
import { type SgdOptions, type SgdState, sgdStep } from './sgd.js';

/** The parameter after each step from 1 with a gradient that stays `grad`. */
function sgdPath(options: SgdOptions, grad: number, steps: number): number[] {
  let state: SgdState = { param: full([1], 1) };
  return Array.from({ length: steps }, () => {
    state = sgdStep(state, full([1], grad), options);
    return state.param.data[0];
  });
}

function assertPath(actual: number[], expected: number[]): void {
  assertClose(ref([actual.length], actual), ref([expected.length], expected), { relative: 1e-14 });
}

// vit.test.ts holds both to twenty steps of PyTorch's; these are the same rules worked out by hand.
describe('reference sgd', () => {
  it('steps down the gradient', () => {
    assertPath(sgdPath({ lr: 0.1 }, 2, 3), [0.8, 0.6, 0.4]);
  });

  it('adds the decay of the weight to the gradient', () => {
    assertPath(sgdPath({ lr: 0.1, weightDecay: 0.5 }, 2, 2), [0.75, 0.5125]);
  });

  it('starts momentum from the whole gradient and dampens only what follows', () => {
    // buffers 2, 0.5 * 2 + 0.75 * 2 = 2.5, 0.5 * 2.5 + 1.5 = 2.75
    assertPath(sgdPath({ lr: 0.1, momentum: 0.5, dampening: 0.25 }, 2, 3), [0.8, 0.55, 0.275]);
  });

  it('looks ahead with nesterov', () => {
    // buffers 2, 3; steps 2 + 0.5 * 2 = 3, 2 + 0.5 * 3 = 3.5
    assertPath(sgdPath({ lr: 0.1, momentum: 0.5, nesterov: true }, 2, 2), [0.7, 0.35]);
  });

  it('leaves the state it is given as it was', () => {
    const before: SgdState = { param: full([1], 1), momentumBuffer: full([1], 1) };
    sgdStep(before, full([1], 1), { lr: 1, momentum: 0.9 });
    assert.deepEqual(before, { param: full([1], 1), momentumBuffer: full([1], 1) });
  });
});

describe('reference adamw', () => {
  const step = (state: AdamWState, grad: Ref) => adamwStep(state, grad, { lr: 0.1, eps: 0, weightDecay: 0 });

  it('moves by lr against the sign of a gradient that stays', () => {
    let state: AdamWState = { param: ref([3], [1, 1, 1]), step: 0 };
    for (let i = 1; i <= 3; i++) {
      state = step(state, ref([3], [5, -1e-4, 1e4]));
      assertClose(state.param, ref([3], [1 - 0.1 * i, 1 + 0.1 * i, 1 - 0.1 * i]), { relative: 1e-12 });
    }
    assert.equal(state.step, 3);
  });

  it('weighs the second gradient by the bias-corrected means', () => {
    // m = 0.1 (0.9 * 1 + 3) / 0.19, v = 0.001 (0.999 * 1 + 9) / (1 - 0.999^2)
    const state = step(step({ param: full([1], 0), step: 0 }, full([1], 1)), full([1], 3));
    const expected = -0.1 - (0.1 * (0.39 / 0.19)) / Math.sqrt(0.009999 / (1 - 0.999 ** 2));
    assertClose(state.param, ref([1], [expected]), { relative: 1e-12 });
  });

  it('decays the weight by itself, not through the gradient', () => {
    const { param } = adamwStep({ param: full([1], 2), step: 0 }, zeros([1]), { lr: 0.1, weightDecay: 0.5 });
    assertClose(param, ref([1], [1.9]), { relative: 1e-15 });
  });

  it('adds eps to the root, after the correction of bias', () => {
    const { param } = adamwStep({ param: zeros([1]), step: 0 }, full([1], 1), { lr: 1, eps: 1, weightDecay: 0 });
    assertClose(param, ref([1], [-0.5]), { relative: 1e-12 });
  });
});
