import assert from 'node:assert/strict';
import {
  arange,
  Capture,
  eye,
  fullLike,
  linspace,
  ones,
  onesLike,
  scope,
  type Tensor,
  tensor,
  zerosLike,
} from '../../lib/index.js';
import { assertBadInput, returnsMemory } from '../native-op.js';

const listOf = (x: Tensor): unknown => x.tolistSync();

describe('arange, linspace and eye', () => {
  returnsMemory();

  it('arange goes to before its end, up or down', () => {
    scope(() => {
      assert.deepEqual(listOf(arange(4)), [0, 1, 2, 3]);
      assert.deepEqual(listOf(arange(1, 4)), [1, 2, 3]);
      assert.deepEqual(listOf(arange(1, 2.5, 0.5)), [1, 1.5, 2]);
      assert.deepEqual(listOf(arange(5, 0, -2)), [5, 3, 1]);
      assert.deepEqual(listOf(arange(3, 3)), []);
      const ints = arange(2, 5, { dtype: 'int32' });
      assert.equal(ints.dtype, 'int32');
      assert.deepEqual(listOf(ints), [2, 3, 4]);
      assert.equal(arange(3).dtype, 'float32');
    });
  });

  it('linspace ends at its end, and a single step is its start', () => {
    scope(() => {
      assert.deepEqual(listOf(linspace(0, 1, 5)), [0, 0.25, 0.5, 0.75, 1]);
      assert.deepEqual(listOf(linspace(3, -3, 3)), [3, 0, -3]);
      assert.deepEqual(listOf(linspace(2, 9, 1)), [2]);
      assert.deepEqual(listOf(linspace(2, 9, 0)), []);
      assert.equal(linspace(0, 0.1, 77).dataSync()[76], Math.fround(0.1));
      assert.deepEqual(listOf(linspace(0, 10, 4, { dtype: 'int32' })), [0, 3, 6, 10]);
    });
  });

  it('eye has ones on its diagonal', () => {
    scope(() => {
      assert.deepEqual(listOf(eye(2)), [
        [1, 0],
        [0, 1],
      ]);
      assert.deepEqual(listOf(eye(2, 3, { dtype: 'int32' })), [
        [1, 0, 0],
        [0, 1, 0],
      ]);
      assert.deepEqual(listOf(eye(0)), []);
      assert.deepEqual([...eye(3, 0).shape], [3, 0]);
      assert.ok(eye(2, { requiresGrad: true }).requiresGrad);
    });
  });

  it('refuse steps that lead nowhere, and what is not whole in int32', () => {
    assertBadInput(() => arange(0, 3, 0), /step that leads from start to end for arange .* 0\./);
    assertBadInput(() => arange(0, 3, -1), /step that leads .*-1/);
    assertBadInput(() => arange(0, 1, 0.5, { dtype: 'int32' }), /whole number .* arange step .*0\.5/);
    assertBadInput(() => arange(Infinity), /finite number for arange end/);
    assertBadInput(() => (arange as () => Tensor)(), /end, or start, end and step for arange/);
    assertBadInput(() => linspace(0, 1, -1), /linspace steps .*-1/);
    assertBadInput(() => eye(2.5), /size in eye .*2\.5/);
  });

  it('may be made in a captured function: their arguments decide them', () => {
    const capture = new Capture(() => scope(() => arange(3).add(eye(3))));
    try {
      capture.replay();
      assert.deepEqual(capture.result.dataSync(), Float32Array.of(1, 1, 2, 0, 2, 2, 0, 1, 3));
    } finally {
      capture.result.dispose();
      capture.dispose();
    }
  });
});

describe('zerosLike, onesLike and fullLike', () => {
  returnsMemory();

  it('have the shape and the dtype of another tensor, unless the options name one', () => {
    scope(() => {
      const [floats, ints] = [ones([2, 3]), tensor(Int32Array.of(1, 2))];
      assert.deepEqual(listOf(zerosLike(ints)), [0, 0]);
      assert.equal(zerosLike(ints).dtype, 'int32');
      assert.equal(onesLike(ints as Tensor, { dtype: 'float32' }).dtype, 'float32');
      assert.deepEqual(fullLike(floats, 0.5).dataSync(), new Float32Array(6).fill(0.5));
      assert.deepEqual([...onesLike(floats).shape], [2, 3]);
      assert.ok(onesLike(floats, { requiresGrad: true }).requiresGrad);
      assert.ok(!onesLike(ones([1], { requiresGrad: true })).requiresGrad);
    });
    assertBadInput(() => fullLike(tensor(Int32Array.of(1)), 0.5), /whole numbers of 32 bits/);
  });
});
