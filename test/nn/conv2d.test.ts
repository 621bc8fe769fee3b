import assert from 'node:assert/strict';
import { F, nn, randn, scope, zeros } from '../../lib/index.js';
import { assertBadInput, assertSameBits, returnsMemory } from '../native-op.js';

describe('nn.Conv2d', () => {
  returnsMemory();

  it("has PyTorch's parameters", () => {
    using layer = new nn.Conv2d(6, 4, [2, 3], { groups: 2 });
    assert.deepEqual(
      [...layer.namedParameters()].map(([name, { shape }]) => [name, shape]),
      [
        ['weight', [4, 3, 2, 3]],
        ['bias', [4]],
      ],
    );
    using plain = new nn.Conv2d(3, 4, 3, { bias: false });
    assert.deepEqual(
      [...plain.namedParameters()].map(([name, { shape }]) => [name, shape]),
      [['weight', [4, 3, 3, 3]]],
    );
  });

  it('begins within 1 / sqrt(inputs of an output)', () => {
    using layer = new nn.Conv2d(32, 64, 3, { groups: 2 });
    const bound = 1 / Math.sqrt(16 * 9);
    for (const parameter of layer.parameters()) {
      const largest = [...parameter.dataSync()].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest <= bound && largest > 0.9 * bound, `largest ${largest} of ${bound}`);
    }
  });

  it('is F.conv2d of its parameters and options', () => {
    const options = { stride: [2, 1], padding: 1, dilation: [1, 2], groups: 2 } as const;
    using layer = new nn.Conv2d(4, 6, 3, options);
    scope(() => {
      const x = randn([2, 4, 9, 8]);
      assertSameBits(layer.forward(x), F.conv2d(x, layer.weight, layer.bias, options), 'result');
    });
  });

  it('refuses sizes, groups and images that do not go together', () => {
    assertBadInput(() => new nn.Conv2d(0, 3, 1), /Conv2d inChannels .* 0\./);
    assertBadInput(() => new nn.Conv2d(3, 1.5, 1), /Conv2d outChannels .*1\.5/);
    assertBadInput(() => new nn.Conv2d(3, 3, 0), /Conv2d kernelSize .* 0\./);
    assertBadInput(() => new nn.Conv2d(3, 4, 1, { groups: 2 }), /divide both channels for Conv2d .* 2\./);
    assertBadInput(() => new nn.Conv2d(4, 4, 1, { groups: Number.NaN }), /Conv2d groups .*NaN/);
    using layer = new nn.Conv2d(3, 4, 3);
    assertBadInput(() => layer.forward(zeros([1, 3, 2, 2])), /fits the padded image, 2 x 2/);
    assertBadInput(() => layer.forward(zeros([1, 4, 5, 5])), /3 channels .*\(1,4,5,5\)/);
  });
});
