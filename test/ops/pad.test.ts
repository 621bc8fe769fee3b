import assert from 'node:assert/strict';
import { F, randn, scope, type Tensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { full, type Ref } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';

/** Visits every element of x with its place in the padded array. */
function places(x: Ref, [top, bottom, left, right]: readonly number[]): { shape: number[]; at: number[] } {
  const [h, w] = x.shape.slice(-2);
  const [H, W] = [top + h + bottom, left + w + right];
  const at = Array.from(x.data, (_, i) => {
    const plane = Math.floor(i / (h * w));
    return (plane * H + top + (Math.floor(i / w) % h)) * W + left + (i % w);
  });
  return { shape: [...x.shape.slice(0, -2), H, W], at };
}

describe('pad', () => {
  returnsMemory();

  for (const [shape, padding, value] of [
    [[2, 3, 4, 5], [1, 2, 3, 0], 0],
    [[3, 4], [0, 0, 0, 2], -1.5],
    [[1, 2, 2], [2, 0, 0, 0], 0],
    [[2, 2], [0, 0, 0, 0], 7],
  ] as const) {
    it(`puts (${padding}) of ${value} around (${shape})`, () => {
      const random = generator(5);
      const x = normal(shape, random);
      const { shape: padded, at } = places(x, padding);
      const y = full(padded, value);
      at.forEach((to, from) => {
        y.data[to] = x.data[from];
      });
      const dy = normal(padded, random);
      const dx = { shape: [...shape], data: Float64Array.from(at, (to) => dy.data[to]) };
      checkOp({ inputs: { x }, run: (t: { x: Tensor }) => F.pad(t.x, padding, value), y, dy, gradients: { dx } });
    });
  }

  it('may put infinities around', () => {
    scope(() => {
      const y = F.pad(randn([1, 1]), [1, 0, 0, 0], Number.NEGATIVE_INFINITY);
      assert.equal(y.dataSync()[0], Number.NEGATIVE_INFINITY);
    });
  });

  it('refuses sizes that are none', () => {
    assertBadInput(() => F.pad(randn([4]), [0, 0, 0, 0]), /at least 2 axes/);
    assertBadInput(() => F.pad(randn([4, 4]), [1, 1] as never), /four sizes/);
    assertBadInput(() => F.pad(randn([4, 4]), [-1, 0, 0, 0]), /a whole number/);
  });
});
