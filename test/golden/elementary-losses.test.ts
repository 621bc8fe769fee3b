import assert from 'node:assert/strict';
import { F, fence, nn, reset, scope, type Tensor, tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { assertBadInput, assertSameBits, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import type { Ref } from '../reference/array.js';

function assertSame(actual: ArrayLike<number>, expected: Ref, what: string): void {
  assert.equal(actual.length, expected.data.length, what);
  for (const [i, e] of expected.data.entries()) {
    const a = actual[i];
    const same = Number.isFinite(e) ? Math.abs(a - e) <= 1e-5 * Math.max(0.1, Math.abs(e)) : Object.is(a, e);
    assert.ok(same, `${what}[${i}] is ${a}, ${e} in PyTorch`);
  }
}

/** The module of each function. */
const MODULES = {
  ...{ mseLoss: nn.MSELoss, l1Loss: nn.L1Loss, smoothL1Loss: nn.SmoothL1Loss, huberLoss: nn.HuberLoss },
  ...{ binaryCrossEntropyWithLogits: nn.BCEWithLogitsLoss, klDiv: nn.KLDivLoss, nllLoss: nn.NLLLoss },
};

describe('losses, beside PyTorch', () => {
  returnsMemory();
  const { cases } = loadGolden<{ op: string; options: object }>('elementary-losses');
  for (const [i, { params, tensors }] of cases.entries()) {
    it(`${params.op} ${JSON.stringify(params.options)}, case ${i}`, () => {
      scope(() => {
        const a = fromRef(tensors.a, { requiresGrad: true });
        const ofLabels = params.op === 'nllLoss';
        const b = ofLabels ? intsFromRef(tensors.b) : fromRef(tensors.b, { requiresGrad: true });
        const { weight, posWeight } = tensors;
        const weights = {
          ...(weight && { weight: fromRef(weight) }),
          ...(posWeight && { posWeight: fromRef(posWeight) }),
        };
        const loss = F[params.op as 'mseLoss'] as (a: Tensor, b: Tensor, options: object) => Tensor;
        const y = loss(a, b, { ...params.options, ...weights });
        assert.deepEqual([...y.shape], tensors.y.shape);
        using module = new MODULES[params.op as keyof typeof MODULES]({ ...params.options, ...weights });
        assertSameBits(module.forward(a, b), y, 'the loss of the module');
        assertSame(y.dataSync(), tensors.y, 'y');
        const dy = Float32Array.from({ length: y.size }, (_, k) => k + 1);
        y.backward(tensor(dy, y.shape));
        assertSame(a.grad?.dataSync() ?? [], tensors.da, 'da');
        if (!ofLabels) assertSame(b.grad?.dataSync() ?? [], tensors.db, 'db');
      });
    });
  }

  it('keep copies of their weights as modules, and save them', () => {
    scope(() => {
      const [weight, posWeight] = [tensor([1, 2]), tensor([3])];
      using loss = new nn.BCEWithLogitsLoss({ weight, posWeight });
      weight.fill_(7);
      assert.deepEqual(
        [...loss.stateDict()].map(([name, x]) => [name, [...x.dataSync()]]),
        [
          ['weight', [1, 2]],
          ['pos_weight', [3]],
        ],
      );
      using crossEntropy = new nn.CrossEntropyLoss({ weight });
      using nll = new nn.NLLLoss({ weight });
      for (const module of [crossEntropy, nll]) assert.deepEqual([...module.stateDict().keys()], ['weight']);
      assert.equal(loss.numParameters(), 0);
    });
  });

  it('find labels that are no class, and input of none', async () => {
    const [input, target] = [tensor([[0, 0, 0]]), tensor(Int32Array.of(3))];
    const loss = F.nllLoss(input, target);
    try {
      await assert.rejects(fence(), /class labels from 0 to 2 for nllLoss but received 3 at index 0/);
    } finally {
      reset();
      for (const made of [input, target, loss]) made.dispose();
    }
    const none = (): Tensor => tensor([], [1, 0]);
    assertBadInput(() => F.nllLoss(none(), tensor(Int32Array.of(0))), /at least one class for nllLoss input/);
    assertBadInput(() => F.nllLoss(tensor(1), tensor(Int32Array.of(0))), /at least 1 axes/);
    const weight = tensor([1, 2]);
    assertBadInput(
      () => F.nllLoss(tensor([[0, 0, 0]]), tensor(Int32Array.of(0)), { weight }),
      /\(3\) for nllLoss weight/,
    );
    weight.dispose();
  });

  it('refuse shapes that would broadcast', () => {
    assertBadInput(() => F.mseLoss(tensor([1, 2]), tensor([[1, 2]])), /shape \(2\) for mseLoss target/);
  });
});
