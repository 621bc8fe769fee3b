import assert from 'node:assert/strict';
import {
  autocast,
  F,
  grad,
  memory,
  type Precision,
  randn,
  resetPeakMemory,
  scope,
  type Tensor,
} from '../../lib/index.js';
import { assertSameBits, returnsMemory } from '../native-op.js';

// Large enough that a linear layer's backward writes over what nobody needs any more: 4 million hidden numbers.
const [ROWS, WIDTH, HIDDEN] = [4096, 2, 1024];

interface Layers {
  x: Tensor;
  leaves: Tensor[];
  hidden: Tensor;
  y: Tensor;
}

/** Two linear layers with GELU between them, as an MLP has. */
function layers([x, w1, b1, w2]: readonly Tensor[], precision: Precision): Layers {
  const leaves = [x, w1, b1, w2].map((leaf) => leaf.detach());
  for (const leaf of leaves) leaf.requiresGrad = true;
  const [ix, iw1, ib1, iw2] = leaves as [Tensor, Tensor, Tensor, Tensor]; // as given
  return autocast(precision, () => {
    const hidden = F.linear(ix, iw1, ib1, { activation: 'gelu' });
    return { x: ix, leaves, hidden, y: F.linear(hidden, iw2) };
  });
}

const values = (): Tensor[] => [randn([ROWS, WIDTH]), randn([HIDDEN, WIDTH]), randn([HIDDEN]), randn([WIDTH, HIDDEN])];

describe('memory that a rule may write over', () => {
  returnsMemory();

  for (const precision of ['fp32', 'bf16'] as const) {
    it(`takes what is no longer needed, to the same bits: ${precision}`, () => {
      scope(() => {
        const given = values();
        const dy = randn([ROWS, WIDTH]);
        const peaks: number[] = [];
        const gradients = [true, false].map((retainGraph) => {
          const { leaves, hidden, y } = layers(given, precision);
          hidden.dispose();
          resetPeakMemory();
          const before = memory().live;
          y.backward({ gradient: dy.to(y.dtype), retainGraph });
          peaks.push(memory().peak - before);
          return leaves.map((leaf) => leaf.grad as Tensor);
        });
        for (const [i, kept] of (gradients[0] as Tensor[]).entries())
          assertSameBits(gradients[1]?.[i] as Tensor, kept, `gradient ${i}`);
        const bytes = ROWS * HIDDEN * (precision === 'bf16' ? 2 : 4);
        assert.ok((peaks[0] ?? 0) - (peaks[1] ?? 0) > 0.9 * bytes, `${peaks} beside ${bytes}`);
      });
    });
  }

  it('is none that a retained graph, another result or a hook still has', () => {
    scope(() => {
      const given = values();
      const dy = randn([ROWS, WIDTH]);
      const once = layers(given, 'fp32');
      once.hidden.dispose();
      once.y.backward({ gradient: dy });
      const twice = layers(given, 'fp32');
      let seen: ArrayLike<number> | undefined;
      twice.hidden.registerHook((gradient) => {
        seen = gradient.dataSync();
        return gradient;
      });
      const [dhidden, dx] = grad(twice.y, [twice.hidden, twice.x], { gradOutputs: dy, retainGraph: true });
      assertSameBits(dx as Tensor, once.x.grad as Tensor, 'gradient of x');
      const other = layers(given, 'fp32');
      const [expected] = grad(other.y, [other.hidden], { gradOutputs: dy });
      assertSameBits(dhidden as Tensor, expected as Tensor, 'gradient of the hidden layer');
      assert.deepEqual(seen, expected?.dataSync());
      twice.y.backward({ gradient: dy });
      assertSameBits(twice.x.grad as Tensor, once.x.grad as Tensor, 'gradient of x, after a walk before');
    });
  });
});
