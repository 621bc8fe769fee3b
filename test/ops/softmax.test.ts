import assert from 'node:assert/strict';
import { F, scope, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, returnsMemory } from '../native-op.js';
import { map, ref } from '../reference/array.js';
import { generator, normal } from '../reference/random.js';
import { softmax, softmaxBackward } from '../reference/softmax.js';
import { transpose } from '../reference/transpose.js';

describe('softmax', () => {
  returnsMemory();

  for (const [shape, dim] of [
    [[7], -1],
    [[197], 0],
    [[17, 7], 1],
    [[17, 7], 0],
    [[3, 5, 197], -1],
    [[3, 17, 5], 1],
    [[3, 5, 2], -3],
    [[0, 7], -1],
    [[2, 0, 7], -1],
    [[7, 0], 0],
    [[1, 1000], -1],
  ] satisfies [number[], number][]) {
    it(`of (${shape}) over axis ${dim} has the reference's value and gradient`, () => {
      const x = normal(shape, generator(1), 5);
      const dy = normal(shape, generator(2));
      const turned = (y: typeof x) => transpose(y, dim, -1);
      const p = softmax(turned(x));
      checkOp({
        inputs: { x },
        run: (t) => F.softmax(t.x, dim),
        y: turned(p),
        dy,
        gradients: { dx: turned(softmaxBackward(turned(dy), p)) },
      });
    });
  }

  it('of one element is 1, whatever it is', () => {
    const x = normal([17, 1], generator(3), 5);
    checkOp({
      inputs: { x },
      run: (t) => F.softmax(t.x),
      y: map(x, () => 1),
      dy: x,
      gradients: { dx: map(x, () => 0) },
      cancels: ['x'],
    });
  });

  it('holds where exp of the elements would not', () => {
    const x = ref([2, 4], [1000, 1001, 900, -1000, -5000, -5001, -5002, -5000]);
    const p = softmax(x);
    const dy = normal(x.shape, generator(4));
    checkOp({ inputs: { x }, run: (t) => F.softmax(t.x), y: p, dy, gradients: { dx: softmaxBackward(dy, p) } });
  });

  it('adds to both uses of one tensor', () => {
    const x = normal([3, 7], generator(5));
    const dy = normal([3, 7], generator(6));
    const p = softmax(x);
    checkOp({
      inputs: { x },
      run: (t) => F.add(F.softmax(t.x), F.softmax(t.x)),
      y: map(p, (value) => 2 * value),
      dy,
      gradients: { dx: map(softmaxBackward(dy, p), (value) => 2 * value) },
    });
  });

  it('gives a masked element exactly 0', () => {
    scope(() => {
      const p = F.softmax(tensor([[0, Number.NEGATIVE_INFINITY, 0]])).dataSync();
      assert.deepEqual([...p], [0.5, 0, 0.5]);
    });
  });

  it('refuses scalars, empty rows and axes that are not there', () => {
    assertBadInput(() => F.softmax(zeroTensor([])), /at least 1 axes for softmax input .*\(\)/);
    assertBadInput(() => F.softmax(zeroTensor([3, 0])), /at least one element for softmax dim .*\(3,0\)/);
    assertBadInput(() => F.softmax(zeroTensor([3, 2]), 2), /axis from -2 to 1 for softmax dim .* 2\./);
  });
});
