import assert from 'node:assert/strict';
import { F, nn, scope, tensor } from '../../lib/index.js';
import { loadGolden } from '../golden.js';
import { assertNear, assertSameBits, fromRef, intsFromRef, returnsMemory } from '../native-op.js';

interface Params {
  options: { labelSmoothing: number; reduction: 'mean' | 'sum' | 'none'; ignoreIndex?: number };
  soft: boolean;
}

describe('crossEntropy, beside PyTorch', () => {
  returnsMemory();
  const { cases } = loadGolden<Params>('cross-entropy');
  for (const [i, { params, tensors }] of cases.entries()) {
    const { soft, options } = params;
    const what = `${soft ? 'probabilities' : 'labels'}${tensors.weight ? ', weights' : ''}`;
    it(`of (${tensors.logits.shape}), ${what}, ${JSON.stringify(options)}, case ${i}`, () => {
      scope(() => {
        const logits = fromRef(tensors.logits, { requiresGrad: true });
        const target = soft ? fromRef(tensors.target) : intsFromRef(tensors.target);
        const given = { ...options, ...(tensors.weight && { weight: fromRef(tensors.weight) }) };
        const y = F.crossEntropy(logits, target, given);
        assert.deepEqual([...y.shape], tensors.y.shape);
        assertNear(y, tensors.y, 'loss');
        y.backward(
          tensor(
            Float32Array.from({ length: y.size }, (_, k) => k + 1),
            y.shape,
          ),
        );
        assertNear(logits.grad, tensors.dlogits, 'dlogits');
        using module = new nn.CrossEntropyLoss(given);
        assertSameBits(module.forward(logits, target), y, 'the loss of the module');
      });
    });
  }
});
