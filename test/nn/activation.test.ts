import assert from 'node:assert/strict';
import { F, nn, randn, scope } from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';

describe('nn.GELU and nn.ReLU', () => {
  returnsMemory();

  it('are the functions, and have no parameters', () => {
    scope(() => {
      const x = randn([197]);
      assertSameBits(new nn.GELU().forward(x), F.gelu(x), 'GELU');
      const approximate = 'tanh';
      assertSameBits(new nn.GELU({ approximate }).forward(x), F.gelu(x, { approximate }), 'GELU by tanh');
      assert.notDeepEqual(F.gelu(x).dataSync(), F.gelu(x, { approximate }).dataSync());
      assertSameBits(new nn.ReLU().forward(x), F.relu(x), 'ReLU');
    });
    assert.equal(new nn.GELU().numParameters(), 0);
  });
});
