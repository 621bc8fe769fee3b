import assert from 'node:assert/strict';
import { F, nn, ones, randn, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { assertBadInput, assertNear, assertSameBits, returnsMemory, valuesOf } from '../native-op.js';

const [B, T, E, H] = [3, 7, 12, 3];

const LAYER = {
  'self_attn.in_proj_weight': [3 * E, E],
  'self_attn.in_proj_bias': [3 * E],
  'self_attn.out_proj.weight': [E, E],
  'self_attn.out_proj.bias': [E],
  'linear1.weight': [20, E],
  'linear1.bias': [20],
  'linear2.weight': [E, 20],
  'linear2.bias': [E],
  'norm1.weight': [E],
  'norm1.bias': [E],
  'norm2.weight': [E],
  'norm2.bias': [E],
};

const shapesOf = (module: nn.Module): Record<string, readonly number[]> =>
  Object.fromEntries([...module.namedParameters()].map(([name, { shape }]) => [name, shape]));

function layer(options: nn.TransformerLayerOptions = {}): nn.TransformerEncoderLayer {
  return new nn.TransformerEncoderLayer(E, H, { dimFeedforward: 20, dropout: 0, ...options });
}

/** PyTorch's layer in its own words, op by op. */
function composed(
  module: nn.TransformerEncoderLayer,
  x: Tensor,
  normFirst: boolean,
  activation: 'relu' | 'gelu',
): Tensor {
  const { selfAttn, linear1, linear2, norm1, norm2 } = module;
  const feedForward = (y: Tensor): Tensor => linear2.forward(F[activation](linear1.forward(y)));
  if (normFirst) {
    const attended = F.add(x, selfAttn.forward(norm1.forward(x)));
    return F.add(attended, feedForward(norm2.forward(attended)));
  }
  const attended = norm1.forward(F.add(x, selfAttn.forward(x)));
  return norm2.forward(F.add(attended, feedForward(attended)));
}

describe('nn.TransformerEncoderLayer', () => {
  returnsMemory();

  it("has PyTorch's parameters, in its order", () => {
    using module = layer();
    assert.deepEqual(shapesOf(module), LAYER);
    assert.deepEqual([...module.namedParameters().keys()], Object.keys(LAYER));
    using plain = layer({ bias: false });
    assert.deepEqual(
      [...plain.namedParameters().keys()],
      Object.keys(LAYER).filter((name) => !name.endsWith('bias')),
    );
  });

  it("has PyTorch's defaults, but for the batch coming first", () => {
    using module = new nn.TransformerEncoderLayer(E, H);
    assert.deepEqual(module.linear1.weight.shape, [2048, E]);
    assert.equal(module.selfAttn.dropout, 0.1);
    assert.equal(module.selfAttn.batchFirst, true);
    assert.equal(module.norm1.eps, 1e-5);
    using reluAfter = layer();
    scope(() => {
      const x = randn([B, T, E]);
      assertNear(reluAfter.forward(x), valuesOf(composed(reluAfter, x, false, 'relu')), 'result');
    });
  });

  for (const normFirst of [true, false]) {
    for (const activation of ['relu', 'gelu'] as const) {
      it(`is its parts, with normFirst ${normFirst} and ${activation}`, () => {
        using module = layer({ normFirst, activation });
        scope(() => {
          const [x, dy] = [randn([B, T, E], { requiresGrad: true }), randn([B, T, E])];
          const y = composed(module, x, normFirst, activation);
          y.backward(dy);
          const take = (): Map<string, { shape: readonly number[]; data: ArrayLike<number> }> =>
            new Map(
              [['x', x] as const, ...module.namedParameters()].map(([name, p]) => [
                name,
                valuesOf(p.grad ?? assert.fail(name)),
              ]),
            );
          const wanted = take();
          for (const parameter of [x, ...module.parameters()]) {
            parameter.grad?.dispose();
            parameter.grad = null;
          }
          const fused = module.forward(x);
          assertNear(fused, valuesOf(y), 'result');
          fused.backward(dy);
          for (const [name, gradient] of take()) {
            assertNear(
              tensor([...Array.from(gradient.data)], gradient.shape),
              wanted.get(name) ?? assert.fail(name),
              `gradient of ${name}`,
            );
          }
        });
      });
    }
  }

  it('does not see the future when it is causal, nor padding', () => {
    using module = layer();
    scope(() => {
      const x = randn([B, T, E]);
      const changed = F.cat([F.slice(x, 1, 0, T - 1), randn([B, 1, E])], 1);
      const head = (y: Tensor) => F.slice(y, 1, 0, T - 1);
      const causal = { isCausal: true };
      assertSameBits(head(module.forward(x, causal)), head(module.forward(changed, causal)), 'past');
      assert.notDeepEqual(head(module.forward(x)).dataSync(), head(module.forward(changed)).dataSync());
      const srcKeyPaddingMask = tensor(
        Int32Array.from({ length: B * T }, (_, i) => Number(i % T === T - 1)),
        [B, T],
      );
      const padded = { srcKeyPaddingMask };
      assertSameBits(head(module.forward(x, padded)), head(module.forward(changed, padded)), 'all but padding');
    });
  });

  it('attends along the axis that batchFirst leaves', () => {
    using first = layer();
    using second = layer({ batchFirst: false });
    second.loadStateDict(first.stateDict());
    scope(() => {
      const x = randn([B, T, E]);
      const turned = F.transpose(second.forward(F.transpose(x, 0, 1)), 0, 1);
      assertNear(turned, valuesOf(first.forward(x)), 'result');
      assert.notDeepEqual(second.forward(x).dataSync(), first.forward(x).dataSync());
    });
  });

  it('drops in training alone', () => {
    using module = layer({ dropout: 0.5 });
    using plain = layer();
    plain.loadStateDict(module.stateDict());
    scope(() => {
      const x = randn([B, T, E]);
      assert.notDeepEqual(module.forward(x).dataSync(), module.forward(x).dataSync());
      assertSameBits(module.eval().forward(x), plain.forward(x), 'evaluation');
    });
  });

  it('is its residuals alone when all is dropped', () => {
    using before = layer({ dropout: 1, normFirst: true });
    using after = layer({ dropout: 1 });
    scope(() => {
      const x = randn([B, T, E]);
      assertSameBits(before.forward(x), x, 'pre-norm');
      const normed = after.norm2.forward(after.norm1.forward(x));
      assertNear(after.forward(x), valuesOf(normed), 'post-norm');
    });
  });

  it('clones options and values, not tensors', () => {
    using module = layer({ normFirst: true, activation: 'gelu', batchFirst: false });
    using copy = module.clone();
    scope(() => {
      const x = randn([T, B, E]);
      assertSameBits(copy.forward(x), module.forward(x), 'result');
    });
    copy.norm1.weight.set(new Float32Array(E));
    assert.deepEqual([...module.norm1.weight.dataSync()], [...new Float32Array(E).fill(1)]);
  });

  it('refuses options and tensors that do not go together', () => {
    assertBadInput(() => new nn.TransformerEncoderLayer(12, 5), /divide the width 12 .* 5\./);
    assertBadInput(() => layer({ dimFeedforward: 0 }), /dimFeedforward .* 0\./);
    assertBadInput(() => layer({ dropout: 1.5 }), /dropout .*1\.5/);
    assertBadInput(() => layer({ activation: 'tanh' as 'relu' }), /one of 'relu', 'gelu' .*'tanh'/);
    assertBadInput(() => layer({ layerNormEps: -1 }), /layerNormEps .*-1\./);
    using module = layer();
    assertBadInput(() => module.forward(zeros([B, T, E + 1])), /\(3,7,12\) for MultiheadAttention query .*\(3,7,13\)/);
    assertBadInput(() => module.forward(zeros([T, E])), /\(B,T,E\) of 3 axes .*\(7,12\)/);
    const srcKeyPaddingMask = zeros([B, T + 1], { dtype: 'int32' });
    assertBadInput(
      () => module.forward(zeros([B, T, E]), { srcKeyPaddingMask }),
      /\(3,7\) .* keyPaddingMask .*\(3,8\)/,
    );
    srcKeyPaddingMask.dispose();
  });
});

describe('nn.TransformerEncoder', () => {
  returnsMemory();

  it("has PyTorch's parameters", () => {
    using encoder = new nn.TransformerEncoder(layer(), 2, new nn.LayerNorm(E));
    assert.deepEqual(shapesOf(encoder), {
      ...Object.fromEntries(
        [0, 1].flatMap((i) => Object.entries(LAYER).map(([name, shape]) => [`layers.${i}.${name}`, shape])),
      ),
      'norm.weight': [E],
      'norm.bias': [E],
    });
  });

  it('begins with equal layers, which then differ', () => {
    using encoder = new nn.TransformerEncoder(layer(), 3);
    const weights = [...encoder.layers].map(({ linear1 }) => linear1.weight);
    for (const weight of weights) assertSameBits(weight, weights[0], 'weight');
    weights[1].set(new Float32Array(weights[1].size));
    assert.notDeepEqual(weights[0].dataSync(), weights[1].dataSync());
  });

  it('is its layers, one after the other, and the norm', () => {
    const norm = new nn.LayerNorm(E);
    using encoder = new nn.TransformerEncoder(layer({ activation: 'gelu' }), 3, norm);
    norm.weight.set(Array.from({ length: E }, (_, i) => 1 + i / E));
    scope(() => {
      const x = randn([B, T, E]);
      let y = x;
      for (const each of encoder.layers) y = each.forward(y, { isCausal: true });
      assertSameBits(encoder.forward(x, { isCausal: true }), norm.forward(y), 'result');
    });
  });

  it('takes an empty batch, and one token', () => {
    using encoder = new nn.TransformerEncoder(layer(), 2);
    scope(() => {
      assert.deepEqual(encoder.forward(zeros([0, T, E])).shape, [0, T, E]);
      const x = ones([B, 1, E], { requiresGrad: true });
      F.sum(F.mul(encoder.forward(x), 2)).backward();
      assert.ok(x.grad?.dataSync().every(Number.isFinite));
      for (const parameter of encoder.parameters()) {
        assert.ok(parameter.grad?.dataSync().every(Number.isFinite));
      }
    });
  });

  it('refuses a number of layers that is none', () => {
    using module = layer();
    for (const count of [0, -1, 1.5]) {
      assertBadInput(() => new nn.TransformerEncoder(module, count), /at least 1 for TransformerEncoder numLayers/);
    }
  });
});
