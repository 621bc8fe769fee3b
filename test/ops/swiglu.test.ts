import { F, ones } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { generator, normal } from '../reference/random.js';
import { swiglu, swigluBackward } from '../reference/swiglu.js';

describe('swiglu', () => {
  returnsMemory();

  for (const shape of [[2], [0, 6], [3, 0], [5, 14], [2, 3, 66], [700, 64]]) {
    it(`of (${shape}) has the reference's value and gradient`, () => {
      const random = generator(1);
      const x = normal(shape, random, 2);
      const dy = normal([...shape.slice(0, -1), shape[shape.length - 1] / 2], random);
      const gradients = { dx: swigluBackward(dy, x) };
      checkOp({ inputs: { x }, run: (t) => F.swiglu(t.x), y: swiglu(x), dy, gradients });
    });
  }

  it('refuses a last axis that is odd', () => {
    assertBadInput(() => F.swiglu(ones([2, 3])), /an even last axis/);
  });
});
