import assert from 'node:assert/strict';
import { F, manualSeed, ones, scope, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, assertNear, fromRef, returnsMemory } from '../native-op.js';
import { type Ref, ref } from '../reference/array.js';
import { dropout, dropoutBackward } from '../reference/dropout.js';
import { generator, normal } from '../reference/random.js';

/** The mask that a seed draws: what is kept of ones. */
function maskOf(run: typeof F.dropout, shape: number[], p: number, seed: number): Ref {
  return scope(() => {
    manualSeed(seed);
    return ref(
      shape,
      run(ones(shape), p)
        .dataSync()
        .map((value) => Number(value !== 0)),
    );
  });
}

const share = (mask: Ref): number => mask.data.reduce((sum, kept) => sum + kept, 0) / mask.data.length;

describe('dropout', () => {
  returnsMemory();

  for (const shape of [[1], [7], [17, 197], [2, 3, 4], [0, 7], []]) {
    for (const p of [0.1, 0.5, 0.9]) {
      it(`of (${shape}) by ${p} drops and scales, and its gradient with it`, () => {
        const mask = maskOf(F.dropout, shape, p, 3);
        const [x, dy] = [normal(shape, generator(1)), normal(shape, generator(2))];
        scope(() => {
          manualSeed(3);
          const input = fromRef(x, { requiresGrad: true });
          const y = F.dropout(input, p);
          assertNear(y, dropout(x, mask, p), 'result');
          if (y === input) return; // an empty tensor is itself
          y.backward(fromRef(dy));
          assertNear(input.grad, dropoutBackward(dy, mask, p), 'gradient');
        });
      });
    }
  }

  for (const p of [0.05, 0.1, 0.5, 0.9]) {
    it(`by ${p} keeps a share of ${1 - p}, and the mean`, () => {
      const n = 100_000;
      const mask = maskOf(F.dropout, [n], p, 4);
      // Five standard deviations of a binomial share.
      const spread = 5 * Math.sqrt((p * (1 - p)) / n);
      assert.ok(Math.abs(share(mask) - (1 - p)) < spread, `${share(mask)} kept`);
    });
  }

  it('draws anew each time, and the same from a seed', () => {
    const [a, b] = [maskOf(F.dropout, [197], 0.5, 5), maskOf(F.dropout, [197], 0.5, 5)];
    assert.deepEqual(a, b);
    assert.notDeepEqual(a, maskOf(F.dropout, [197], 0.5, 6));
    scope(() => {
      const x = ones([197]);
      assert.notDeepEqual(F.dropout(x, 0.5).dataSync(), F.dropout(x, 0.5).dataSync());
    });
  });

  it('by 0 gives the tensor itself, by 1 zeros without NaN', () => {
    scope(() => {
      const x = ones([17], { requiresGrad: true });
      assert.equal(F.dropout(x, 0), x);
      const y = F.dropout(x, 1);
      assert.deepEqual(new Set(y.dataSync()), new Set([0]));
      F.sum(y).backward();
      assert.deepEqual(new Set(x.grad?.dataSync()), new Set([0]));
    });
  });

  it('refuses a probability that is none', () => {
    for (const p of [-0.1, 1.1, Number.NaN]) {
      assertBadInput(() => F.dropout(zeroTensor([3]), p), /from 0 to 1 for dropout p/);
      assertBadInput(() => F.dropPath(zeroTensor([3]), p), /from 0 to 1 for dropPath p/);
    }
    assertBadInput(() => F.dropout(zeroTensor([3]), '0.5' as unknown as number), /dropout p .*'0\.5'/);
  });
});

describe('dropPath', () => {
  returnsMemory();

  for (const shape of [[1], [7, 3], [197, 2, 5], [0, 3]]) {
    it(`of (${shape}) drops whole samples, and their gradient`, () => {
      const p = 0.4;
      const mask = maskOf(F.dropPath, shape, p, 7);
      const size = mask.data.length / Math.max(1, shape[0]);
      for (let i = 0; i < mask.data.length; i++) assert.equal(mask.data[i], mask.data[i - (i % size)]);
      const [x, dy] = [normal(shape, generator(3)), normal(shape, generator(4))];
      scope(() => {
        manualSeed(7);
        const input = fromRef(x, { requiresGrad: true });
        const y = F.dropPath(input, p);
        assertNear(y, dropout(x, mask, p), 'result');
        if (y === input) return; // an empty tensor is itself
        y.backward(fromRef(dy));
        assertNear(input.grad, dropoutBackward(dy, mask, p), 'gradient');
      });
    });
  }

  it('keeps its share of samples', () => {
    const mask = maskOf(F.dropPath, [20_000, 2], 0.3, 8);
    assert.ok(Math.abs(share(mask) - 0.7) < 5 * Math.sqrt((0.3 * 0.7) / 20_000), `${share(mask)} kept`);
  });

  it('refuses a scalar', () => {
    assertBadInput(() => F.dropPath(zeroTensor([]), 0.5), /at least 1 axes for dropPath input .*\(\)/);
  });
});
