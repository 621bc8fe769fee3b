import assert from 'node:assert/strict';
import { F, scope, type Tensor, tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { assertBadInput, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import type { Ref } from '../reference/array.js';

function assertSame(actual: ArrayLike<number>, expected: Ref, what: string): void {
  assert.equal(actual.length, expected.data.length, what);
  for (const [i, e] of expected.data.entries()) {
    const a = actual[i];
    const same = Number.isFinite(e) ? Math.abs(a - e) <= 1e-5 * Math.max(0.1, Math.abs(e)) : Object.is(a, e);
    assert.ok(same, `${what}[${i}] is ${a}, ${e} in PyTorch`);
  }
}

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
        assertSame(y.dataSync(), tensors.y, 'y');
        const dy = Float32Array.from({ length: y.size }, (_, k) => k + 1);
        y.backward(tensor(dy, y.shape));
        assertSame(a.grad?.dataSync() ?? [], tensors.da, 'da');
        if (!ofLabels) assertSame(b.grad?.dataSync() ?? [], tensors.db, 'db');
      });
    });
  }

  it('refuse shapes that would broadcast', () => {
    assertBadInput(() => F.mseLoss(tensor([1, 2]), tensor([[1, 2]])), /shape \(2\) for mseLoss target/);
  });
});
