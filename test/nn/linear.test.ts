import assert from 'node:assert/strict';
import { F, manualSeed, nn, randn, scope } from '../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';

describe('nn.Linear', () => {
  returnsMemory();

  it("has PyTorch's parameters", () => {
    using layer = new nn.Linear(3, 5);
    assert.deepEqual(
      [...layer.namedParameters()].map(([name, { shape }]) => [name, shape]),
      [
        ['weight', [5, 3]],
        ['bias', [5]],
      ],
    );
    using plain = new nn.Linear(3, 5, { bias: false });
    assert.deepEqual([...plain.namedParameters().keys()], ['weight']);
    assert.equal(plain.bias, undefined);
  });

  it('begins within 1 / sqrt(inFeatures), evenly, from the seed', () => {
    manualSeed(1);
    using layer = new nn.Linear(100, 200);
    const bound = 1 / Math.sqrt(100);
    for (const parameter of layer.parameters()) {
      const values = [...parameter.dataSync()];
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest <= bound && largest > 0.95 * bound, `largest ${largest}`);
      const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
      assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.2, `variance ${variance}`);
    }
    manualSeed(1);
    using again = new nn.Linear(100, 200);
    assertSameBits(again.weight, layer.weight, 'weight');
    assertSameBits(again.bias ?? assert.fail(), layer.bias ?? assert.fail(), 'bias');
  });

  it('is F.linear of its parameters', () => {
    using layer = new nn.Linear(7, 17);
    scope(() => {
      const x = randn([2, 3, 7]);
      const options = { activation: 'gelu', residual: randn([2, 3, 17]) } as const;
      assertSameBits(layer.forward(x), F.linear(x, layer.weight, layer.bias), 'result');
      assertSameBits(layer.forward(x, options), F.linear(x, layer.weight, layer.bias, options), 'fused result');
    });
  });

  it('refuses sizes that are none', () => {
    for (const size of [0, -1, 1.5, Number.NaN]) {
      assertBadInput(() => new nn.Linear(size, 3), /at least 1 for Linear inFeatures/);
      assertBadInput(() => new nn.Linear(3, size), /at least 1 for Linear outFeatures/);
    }
  });
});
