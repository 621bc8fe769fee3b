import { F, ones, type Tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, returnsMemory } from '../native-op.js';
import { map } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';
import { rotate, rotateBackward } from '../reference/rotate.js';

describe('rotaryEmbedding', () => {
  returnsMemory();

  for (const interleaved of [false, true]) {
    for (const [shape, prefix] of [
      [[1, 2], 0],
      [[5, 12], 2],
      [[2, 3, 7, 6], 0],
      [[2, 5, 64], 1],
      [[1, 40, 70], 3],
      [[2, 3, 8], 3],
      [[0, 3, 4], 1],
    ] as const) {
      const pairs = interleaved ? 'neighbours' : 'halves';
      it(`turns ${pairs} of (${shape}) behind ${prefix} tokens, and its gradient back`, () => {
        const random = generator(7);
        const [x, dy] = [normal(shape, random), normal(shape, random)];
        const [tokens, width] = shape.slice(-2);
        const angles = normal([tokens - prefix, width / 2], random, 3);
        const options = { interleaved, prefix };
        const run = (t: { x: Tensor }) =>
          F.rotaryEmbedding(t.x, fromRef(map(angles, Math.cos)), fromRef(map(angles, Math.sin)), options);
        const gradients = { dx: rotateBackward(dy, angles, [1, 1], options) };
        checkOp({ inputs: { x }, run, y: rotate(x, angles, [1, 1], options), dy, gradients });
      });
    }

    it(`turns queries and keys of a fused projection, and no values: ${interleaved ? 'neighbours' : 'halves'}`, () => {
      const random = generator(8);
      const [heads, width] = [3, 8];
      const shape = [2, 5, 3 * heads * width];
      const [qkv, dy, angles] = [normal(shape, random), normal(shape, random), normal([4, width / 2], random, 3)];
      const options = { interleaved, prefix: 1 };
      const run = (t: { qkv: Tensor }) =>
        F.rotaryEmbeddingQkv(t.qkv, heads, fromRef(map(angles, Math.cos)), fromRef(map(angles, Math.sin)), options);
      const turned = [2 * heads, 3 * heads] as const;
      const gradients = { dqkv: rotateBackward(dy, angles, turned, options) };
      checkOp({ inputs: { qkv }, run, y: rotate(qkv, angles, turned, options), dy, gradients });
    });
  }

  it('refuses tables of other places, odd widths and gradients for angles', () => {
    assertBadInput(() => F.rotaryEmbedding(ones([3, 4]), ones([3, 2]), ones([2, 2])), /rotaryEmbedding sin/);
    assertBadInput(() => F.rotaryEmbedding(ones([3, 4]), ones([3, 2]), ones([3, 2]), { prefix: 1 }), /(2,2)/);
    assertBadInput(() => F.rotaryEmbedding(ones([3, 5]), ones([3, 2]), ones([3, 2])), /even width/);
    const angles = ones([3, 2], { requiresGrad: true });
    assertBadInput(() => F.rotaryEmbedding(ones([3, 4]), angles, angles), /a table without gradient/);
    angles.dispose();
  });
});
