import assert from 'node:assert/strict';
import { F, ones, optim, scope, type Tensor, tensor, zeros } from '../../lib/index.js';
import { assertBadInput, assertNear, assertSameBits, fromRef, LONG_SUM, returnsMemory } from '../native-op.js';
import { map, type Ref, ref } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';

/** Parameters with gradients, and one without, within the current scope. */
function withGradients(gradients: readonly Ref[]): Tensor[] {
  const parameters = gradients.map((gradient) => {
    const parameter = zeros(gradient.shape, { requiresGrad: true });
    parameter.grad = fromRef(gradient);
    return parameter;
  });
  return [...parameters, zeros([3], { requiresGrad: true })];
}

const normOf = (gradients: readonly Ref[]): number =>
  Math.sqrt(gradients.reduce((sum, { data }) => sum + data.reduce((own, value) => own + value * value, 0), 0));

describe('gradient clipping', () => {
  returnsMemory();

  const SETS: Record<string, Ref[]> = {
    'one number': [ref([], [-3])],
    'one of 7': [normal([7], generator(1))],
    'several, one of them empty': [
      normal([17, 7], generator(2)),
      normal([0, 3], generator(3)),
      normal([197], generator(4), 20),
    ],
    '50,000 numbers': [normal([50_000], generator(5)), normal([1], generator(6))],
  };
  for (const [name, gradients] of Object.entries(SETS)) {
    const norm = normOf(gradients);
    for (const maxNorm of [norm / 3, norm * 2]) {
      it(`scales ${name} to ${maxNorm < norm ? 'a third of their norm' : 'twice their norm: not at all'}`, () => {
        const factor = Math.min(1, maxNorm / (norm + 1e-6));
        scope(() => {
          const parameters = withGradients(gradients);
          assertNear(optim.clipGradNorm(parameters, maxNorm), ref([], [norm]), 'norm', LONG_SUM);
          for (const [i, gradient] of gradients.entries()) {
            assertNear(
              parameters[i].grad,
              map(gradient, (value) => factor * value),
              `gradient ${i}`,
              LONG_SUM,
            );
          }
        });
        scope(() => {
          const parameters = withGradients(gradients);
          const measured = optim.gradientNorm(parameters, maxNorm);
          assertNear(measured.norm, ref([], [norm]), 'norm', LONG_SUM);
          assertNear(measured.scale, ref([], [factor]), 'scale', LONG_SUM);
          for (const [i, gradient] of gradients.entries()) assertNear(parameters[i].grad, gradient, `gradient ${i}`, 0);
        });
      });
    }
  }

  it('leaves small gradients as they are, bit for bit', () => {
    scope(() => {
      const [parameter] = withGradients([normal([197], generator(7))]);
      const before = tensor(parameter.grad?.dataSync() ?? []);
      optim.clipGradNorm([parameter], 1e6);
      assertSameBits(parameter.grad ?? assert.fail(), before, 'gradient');
    });
  });

  it('does not overflow where squares would', () => {
    scope(() => {
      const [parameter] = withGradients([ref([2], [3e25, 4e25].map(Math.fround))]);
      const norm = optim.clipGradNorm([parameter], 1).itemSync();
      assert.ok(Math.abs(norm / 5e25 - 1) < 1e-5, `norm ${norm}`);
      assertNear(parameter.grad, ref([2], [0.6, 0.8]), 'gradient');
    });
  });

  it('is 0 over no gradients', () => {
    scope(() => assert.equal(optim.clipGradNorm(withGradients([]), 1).itemSync(), 0));
  });

  it('makes the step of gradients that were scaled, when an optimizer applies the scale', () => {
    const gradients = [normal([17], generator(8)), normal([7, 5], generator(9))];
    for (const make of [
      (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9, weightDecay: 0.1 }),
      (parameters: Tensor[]) => new optim.AdamW(parameters, { lr: 0.1 }),
    ]) {
      scope(() => {
        const [scaled, clipped] = [withGradients(gradients), withGradients(gradients)];
        const [fused, plain] = [make(scaled), make(clipped)];
        fused.advance();
        fused.apply(optim.gradientNorm(scaled, 0.5).scale);
        optim.clipGradNorm(clipped, 0.5);
        plain.step();
        for (const [i, parameter] of scaled.entries()) {
          assertNear(parameter, { shape: parameter.shape, data: clipped[i].dataSync() }, `parameter ${i}`);
        }
        fused.dispose();
        plain.dispose();
      });
    }
  });

  it('scales each of two gradients that came from one once', () => {
    scope(() => {
      const [a, b] = [zeros([4], { requiresGrad: true }), zeros([4], { requiresGrad: true })];
      const dy = tensor([3, 3, 3, 3]);
      F.add(a, b).backward(dy);
      optim.clipGradNorm([a, b], 1);
      const each = 1 / Math.sqrt(8);
      for (const parameter of [a, b]) assertNear(parameter.grad, ref([4], [each, each, each, each]), 'gradient');
      assert.deepEqual([...dy.dataSync()], [3, 3, 3, 3]);
    });
  });

  it('refuses a norm that is none', () => {
    assertBadInput(() => optim.clipGradNorm([], -1), /at least 0 for maxNorm .*-1\./);
    assertBadInput(() => optim.clipGradNorm([], Number.NaN), /maxNorm .*NaN/);
    assertBadInput(() => optim.gradientNorm([], Number.NaN), /maxNorm .*NaN/);
  });
});

describe('optim.clipGradValue', () => {
  returnsMemory();

  it('cuts every element of every gradient, and leaves NaN alone', () => {
    const parameters = [ones([3]), ones([2, 2]), ones([1])];
    parameters[0].grad = tensor([-2, 0.25, 2]);
    parameters[1].grad = tensor([0.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY], [2, 2]);
    optim.clipGradValue(parameters, 0.5);
    assert.deepEqual([...(parameters[0].grad?.dataSync() ?? [])], [-0.5, 0.25, 0.5]);
    assert.deepEqual([...(parameters[1].grad?.dataSync() ?? [])], [0.5, -0.5, Number.NaN, 0.5]);
    assertBadInput(() => optim.clipGradValue(parameters, -1), /at least 0 for clipValue .*-1\./);
    for (const parameter of parameters) {
      parameter.grad?.dispose();
      parameter.dispose();
    }
  });
});
