import assert from 'node:assert/strict';
import { F, nn, randn, scope } from '../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';

describe('nn.LayerNorm', () => {
  returnsMemory();

  it("has PyTorch's parameters and beginning", () => {
    using layer = new nn.LayerNorm(5);
    assert.deepEqual(
      [...layer.namedParameters()].map(([name, parameter]) => [name, parameter.shape, [...parameter.dataSync()]]),
      [
        ['weight', [5], [1, 1, 1, 1, 1]],
        ['bias', [5], [0, 0, 0, 0, 0]],
      ],
    );
    assert.equal(layer.eps, 1e-5);
    using plain = new nn.LayerNorm(5, { bias: false });
    assert.deepEqual([...plain.namedParameters().keys()], ['weight']);
  });

  it('is F.layerNorm, and of a sum F.addLayerNorm', () => {
    using layer = new nn.LayerNorm(7, { eps: 0.5 });
    scope(() => {
      const [x, residual] = [randn([3, 7]), randn([3, 7])];
      const { weight, bias } = layer;
      assertSameBits(layer.forward(x), F.layerNorm(x, weight, bias, { eps: 0.5 }), 'result');
      const { y } = F.addLayerNorm(x, residual, weight, bias, { eps: 0.5 });
      assertSameBits(layer.forward(x, residual), y, 'result of a sum');
    });
  });

  it('refuses widths and eps that are none', () => {
    assertBadInput(() => new nn.LayerNorm(0), /LayerNorm width .* 0\./);
    assertBadInput(() => new nn.LayerNorm(3, { eps: -1 }), /LayerNorm eps .*-1\./);
  });
});
