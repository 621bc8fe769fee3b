import assert from 'node:assert/strict';
import { nn, scope, type Tensor, zeros } from '../../lib/index.js';
import { returnsMemory } from '../native-op.js';

const { init } = nn;

/** Mean, variance and range; 30,000 draws put five standard deviations of the mean at 3% of one of the value's. */
function statistics(x: Tensor): { mean: number; variance: number; least: number; most: number } {
  const values = [...x.dataSync()];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance, least: Math.min(...values), most: Math.max(...values) };
}

describe('nn.init', () => {
  returnsMemory();

  it('fills in place, and gives the tensor back', () => {
    scope(() => {
      const x = zeros([2, 2]);
      assert.equal(init.ones(x), x);
      assert.deepEqual([...x.dataSync()], [1, 1, 1, 1]);
      assert.deepEqual([...init.zeros(x).dataSync()], [0, 0, 0, 0]);
      assert.deepEqual([...init.constant(x, 0.5).dataSync()], [0.5, 0.5, 0.5, 0.5]);
    });
  });

  it('draws normal numbers of a mean and deviation', () => {
    scope(() => {
      const { mean, variance } = statistics(init.normal(zeros([30_000]), 3, 0.5));
      assert.ok(Math.abs(mean - 3) < 0.015, `mean ${mean}`);
      assert.ok(Math.abs(variance / 0.25 - 1) < 0.05, `variance ${variance}`);
    });
  });

  it('draws uniform numbers of a range', () => {
    scope(() => {
      const { mean, variance, least, most } = statistics(init.uniform(zeros([30_000]), -1, 3));
      assert.ok(least >= -1 && least < -0.99 && most < 3 && most > 2.99, `${least} to ${most}`);
      assert.ok(Math.abs(mean - 1) < 0.035, `mean ${mean}`);
      assert.ok(Math.abs(variance / (16 / 12) - 1) < 0.05, `variance ${variance}`);
    });
  });

  for (const { shape, fanIn, fanOut } of [
    { shape: [100, 300], fanIn: 300, fanOut: 100 },
    { shape: [40, 30, 5, 5], fanIn: 750, fanOut: 1000 },
  ]) {
    it(`bounds (${shape}) by its ${fanIn} inputs and ${fanOut} outputs`, () => {
      scope(() => {
        const xavier = statistics(init.xavierUniform(zeros(shape)));
        const bound = Math.sqrt(6 / (fanIn + fanOut));
        assert.ok(xavier.most <= bound && xavier.most > 0.99 * bound, `${xavier.most} of ${bound}`);
        assert.ok(xavier.least >= -bound && xavier.least < -0.99 * bound, `${xavier.least} of ${-bound}`);
        const usual = statistics(init.defaultUniform(zeros(shape)));
        const limit = 1 / Math.sqrt(fanIn);
        assert.ok(usual.most <= limit && usual.most > 0.99 * limit, `${usual.most} of ${limit}`);
        assert.ok(usual.least >= -limit && usual.least < -0.99 * limit, `${usual.least} of ${-limit}`);
      });
    });
  }
});
