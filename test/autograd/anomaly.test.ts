import assert from 'node:assert/strict';
import { autograd, Capture, detectAnomaly, F, ones, scope, type Tensor, tensor } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';
import { leaf, onLeaves } from './leaves.js';

/** The error of `fn`, in the mode. */
function anomalyOf(fn: () => unknown): Error {
  try {
    detectAnomaly(() => scope(() => void fn()));
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  return assert.fail('nothing was found');
}

describe('detectAnomaly', () => {
  returnsMemory();

  it('names the op whose result is first not finite, and where it was called', () => {
    onLeaves([leaf(1, -1)], (x) => {
      const { message } = anomalyOf(function lossFunction() {
        return x.mul(2).log().mul(3).sum();
      });
      assert.match(message, /^Expected finite numbers from log, called at .*lossFunction.*anomaly\.test\.[jt]s:\d+/);
      assert.match(message, /a float32 tensor of shape \(2\), holds NaN at element 1\. The inputs are finite\.$/);
    });
  });

  it('says so when what went in was NaN already', () => {
    const { message } = anomalyOf(() => tensor([Number.NaN]).mul(2));
    assert.match(message, /from mul, .* The inputs hold NaN already\.$/);
  });

  it('names the op whose gradient is first not finite, with the stack of its forward call', () => {
    onLeaves([leaf(0, 4)], (x) => {
      const { message, cause } = anomalyOf(() => {
        const forward = (): Tensor => x.sqrt().mul(2).sum(); // 1 / (2 sqrt(0)) is infinite
        forward().backward();
      });
      assert.match(message, /^Expected finite numbers from the gradient of sqrt, called at .*anomaly\.test\.[jt]s:\d+/);
      assert.match(message, /the gradient of its input 0, of shape \(2\), holds an infinity at element 0\. The grad/);
      assert.match(String((cause as Error).stack), /sqrt was called here\n[\s\S]*forward/);
    });
  });

  it('finds it in a gradient whose forward ran outside, in a hook and in a recomputed checkpoint', () => {
    onLeaves([leaf(0)], (x) => {
      const y = x.sqrt();
      assert.match(anomalyOf(() => y.backward()).message, /gradient of sqrt, called somewhere \(run forward/);
      x.registerHook((dx) => dx.mul(Number.MAX_VALUE));
      assert.match(anomalyOf(() => x.mul(2).backward()).message, /from mul, .* holds an infinity/);
    });
    onLeaves([leaf(0)], (x) => {
      const y = F.checkpoint((t) => t.sqrt(), x);
      assert.match(anomalyOf(() => y.backward()).message, /gradient of sqrt, called at/);
      const bad = tensor([Number.NaN]);
      x.registerHook(() => bad);
      assert.match(anomalyOf(() => x.mul(2).backward()).message, /after the hooks of .* holds NaN at element 0\.$/);
    });
  });

  it('takes infinities that went in, such as masks, for what they are', () => {
    onLeaves([leaf(1, 2)], (x) => {
      detectAnomaly(() => {
        const scores = x.add(tensor([0, Number.NEGATIVE_INFINITY]));
        F.softmax(scores, 0)
          .mul(tensor([1, 2]))
          .sum()
          .backward();
      });
    });
  });

  it('is over after its function, and refuses captured and asynchronous ones', () => {
    assert.throws(() => detectAnomaly(async () => undefined), /synchronous function for detectAnomaly/);
    using x = ones([1]);
    assert.match(anomalyOf(() => new Capture(() => x.mul(2))).message, /no captured function while anomalies/);
    assert.equal(autograd.isAnomalyEnabled(), false);
    scope(() => tensor([Number.NaN]).mul(2)).dispose();
  });
});
