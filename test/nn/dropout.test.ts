import assert from 'node:assert/strict';
import { F, manualSeed, nn, ones, randn, scope } from '../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';

describe('nn.Dropout and nn.DropPath', () => {
  returnsMemory();

  for (const [name, layer, op] of [
    ['Dropout', new nn.Dropout(0.4), F.dropout],
    ['DropPath', new nn.DropPath(0.4), F.dropPath],
  ] as const) {
    it(`${name} drops in training, and nothing in evaluation`, () => {
      scope(() => {
        const x = randn([197, 3]);
        manualSeed(1);
        const dropped = layer.train().forward(x);
        manualSeed(1);
        assertSameBits(dropped, op(x, 0.4), 'result');
        assert.notDeepEqual(dropped.dataSync(), x.dataSync());
        assert.equal(layer.eval().forward(x), x);
      });
    });
  }

  it('keep a share of 1 - p, scaled so that the mean stays', () => {
    scope(() => {
      const kept = [...new nn.Dropout(0.25).forward(ones([100_000])).dataSync()];
      assert.deepEqual(new Set(kept), new Set([0, Math.fround(1 / 0.75)]));
      const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
      // Five standard deviations: sqrt(p / (1 - p) / n) each.
      assert.ok(Math.abs(mean - 1) < 5 * Math.sqrt(0.25 / 0.75 / 100_000), `mean ${mean}`);
    });
  });

  it("default to PyTorch's and timm's probability", () => {
    assert.equal(new nn.Dropout().p, 0.5);
    assert.equal(new nn.DropPath().p, 0);
  });

  it('refuse a probability that is none', () => {
    assertBadInput(() => new nn.Dropout(1.5), /from 0 to 1 for Dropout p .*1\.5/);
    assertBadInput(() => new nn.DropPath(Number.NaN), /from 0 to 1 for DropPath p .*NaN/);
  });
});
