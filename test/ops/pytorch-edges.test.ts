import assert from 'node:assert/strict';
import { F, nn, noGrad, ones, optim, type Tensor, tensor, zeros } from '../../lib/index.js';

// Found by walking through PyTorch's documentation op by op: each is as PyTorch defines it, or refused in a sentence.

const floats = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Float32Array.from(values), shape);
const labels = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), shape);

describe('crossEntropy on probabilities', () => {
  const logits = floats([1, 2, 3], [1, 3]);

  it('refuses ones that require a gradient, which it would not give', () => {
    const target = tensor([[0.2, 0.3, 0.5]], undefined, { requiresGrad: true });
    assert.throws(
      () => F.crossEntropy(logits, target),
      /Expected target probabilities without gradient for crossEntropy but received some with requiresGrad\. Compute/,
    );
    noGrad(() => F.crossEntropy(logits, target));
  });

  it('refuses an ignoreIndex, as PyTorch does', () => {
    const target = floats([0.2, 0.3, 0.5], [1, 3]);
    assert.throws(() => F.crossEntropy(logits, target, { ignoreIndex: 1 }), /Expected no ignoreIndex/);
  });
});

describe('axes of reductions', () => {
  for (const [name, reduce] of Object.entries({ sum: F.sum, mean: F.mean })) {
    it(`${name} refuses one named twice, and none`, () => {
      const x = ones([2, 2]);
      for (const dim of [
        [0, 0],
        [1, -1],
      ]) {
        assert.throws(() => reduce(x, { dim }), new RegExp(`Expected each axis once for ${name} dim`));
      }
      assert.throws(() => reduce(x, { dim: [] }), new RegExp(`Expected at least one axis for ${name} dim`));
    });
  }
});

describe('a query that sees no key', () => {
  // PyTorch's scaled_dot_product_attention gives zeros for it; so the output is the last projection's bias.
  for (const training of [true, false]) {
    it(`weighs none, in ${training ? 'training with dropout' : 'evaluation'}`, () => {
      const attention = new nn.MultiheadAttention(4, 2, { dropout: 1e-9 }).train(training);
      for (const parameter of attention.parameters()) nn.init.constant(parameter, 0.1);
      const x = floats([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4]);
      const y = attention.forward(x, x, x, { keyPaddingMask: labels([1, 1], [1, 2]) });
      assert.deepEqual(y.dataSync(), new Float32Array(8).fill(0.1));
    });
  }

  it('weighs none where causal and padding masks together hide all', () => {
    const attention = new nn.MultiheadAttention(4, 2, { dropout: 1e-9 });
    for (const parameter of attention.parameters()) nn.init.constant(parameter, 0.1);
    const x = floats([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4]);
    const masks = { causal: true, keyPaddingMask: labels([1, 0], [1, 2]) };
    const [trained, evaluated] = [true, false].map((mode) => attention.train(mode).forward(x, x, x, masks).dataSync());
    assert.deepEqual(trained?.slice(0, 4), new Float32Array(4).fill(0.1));
    for (const [i, value] of trained?.entries() ?? []) assert.ok(Math.abs(value - (evaluated?.[i] ?? 0)) < 1e-6);
  });
});

describe('requiresGrad and grad', () => {
  it('are refused where no gradient can be', () => {
    assert.throws(() => {
      labels([1]).requiresGrad = true;
    }, /Expected a float32 tensor for requiresGrad but received a int32 tensor/);
  });

  it('cannot cut a result off from what it was made of', () => {
    const y = F.mul(ones([1], { requiresGrad: true }), 2);
    assert.throws(() => {
      y.requiresGrad = false;
    }, /Expected a tensor that no op made for requiresGrad = false/);
  });

  it('take a gradient of the own shape and dtype only', () => {
    const x = zeros([2], { requiresGrad: true });
    const disposed = ones([2]);
    disposed.dispose();
    for (const gradient of [floats([1, 2, 3]), labels([1, 2]), disposed, [1, 2], undefined]) {
      assert.throws(() => {
        x.grad = gradient as Tensor;
      }, /Expected null, or a float32 tensor of shape \(2\) for grad/);
    }
    x.grad = ones([2]);
    x.grad = null;
  });
});

describe('Optimizer', () => {
  it('refuses what an op made: it would never change', () => {
    const result = F.mul(ones([2], { requiresGrad: true }), 2);
    assert.throws(() => new optim.SGD([result], { lr: 0.1 }), /Expected a tensor that no op made for SGD parameter/);
  });

  it('refuses a learning rate that is none, whenever it is set', () => {
    const optimizer = new optim.SGD([zeros([1], { requiresGrad: true })], { lr: 0.1 });
    for (const lr of [Number.NaN, -1, Number.POSITIVE_INFINITY, '0.1' as unknown as number]) {
      assert.throws(() => {
        optimizer.lr = lr;
      }, /Expected a finite number of at least 0 for SGD lr/);
    }
    assert.equal(optimizer.lr, 0.1);
  });

  it('begins anew where a state dict has nothing for a parameter, and refuses half of it', () => {
    const parameters = [0, 1].map(() => zeros([1], { requiresGrad: true }));
    const optimizer = new optim.AdamW(parameters, { lr: 0.1 });
    for (const parameter of parameters) parameter.grad = ones([1]);
    optimizer.step();
    const state = new Map(optimizer.stateDict());
    state.delete('0.secondMoment');
    assert.throws(() => optimizer.loadStateDict(state), /Expected 0\.secondMoment beside 0\.firstMoment/);
    state.delete('0.firstMoment');
    optimizer.loadStateDict(state);
    assert.equal(optimizer.stateDict().get('0.firstMoment')?.itemSync(), 0);
    assert.notEqual(optimizer.stateDict().get('1.firstMoment')?.itemSync(), 0);
  });
});

describe('initialisers that draw', () => {
  it('refuse other dtypes and impossible deviations', () => {
    assert.throws(() => nn.init.normal(zeros([2], { dtype: 'int32' })), /Expected a float32 tensor for init\.normal/);
    assert.throws(() => nn.init.normal(zeros([2]), 0, -1), /Expected a finite number of at least 0 for init\.normal/);
    assert.throws(() => nn.init.truncatedNormal(zeros([2]), Number.NaN), /Expected a finite number for init\.trunc/);
    assert.throws(() => nn.init.uniform(zeros([2]), 1, 0), /Expected a finite number of at least 1 for init\.uniform/);
  });
});
