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

  it('so are nn.SiLU, Sigmoid, LogSigmoid, Tanh, Softmax and LogSoftmax', () => {
    scope(() => {
      const x = randn([3, 5, 7]);
      assertSameBits(new nn.SiLU().forward(x), F.silu(x), 'SiLU');
      assertSameBits(new nn.Sigmoid().forward(x), F.sigmoid(x), 'Sigmoid');
      assertSameBits(new nn.LogSigmoid().forward(x), F.logSigmoid(x), 'LogSigmoid');
      assertSameBits(new nn.Tanh().forward(x), F.tanh(x), 'Tanh');
      assertSameBits(new nn.Softmax().forward(x), F.softmax(x), 'Softmax');
      assertSameBits(new nn.Softmax(1).forward(x), F.softmax(x, 1), 'Softmax over another axis');
      assertSameBits(new nn.LogSoftmax().forward(x), F.logSoftmax(x), 'LogSoftmax');
      assertSameBits(new nn.LogSoftmax(0).forward(x), F.logSoftmax(x, 0), 'LogSoftmax over another axis');
      const sigmoids = new nn.Sequential(new nn.Linear(7, 2), new nn.SiLU(), new nn.Softmax());
      assert.equal(sigmoids.numParameters(), 16);
      sigmoids.dispose();
    });
  });
});
