import assert from 'node:assert/strict';
import { ref } from './array.js';
import { assertClose } from './assert-close.js';

describe('assertClose', () => {
  it('accepts what is within the tolerance and refuses what is not', () => {
    assertClose(ref([2], [1.000_009, -2]), ref([2], [1, -2]));
    assert.throws(() => assertClose(ref([2], [1.0001, -2]), ref([2], [1, -2])), /element 0/);
  });

  it('measures a small element against the size of the others', () => {
    assertClose(ref([2], [1e-6, 1]), ref([2], [0, 1]));
    assert.throws(() => assertClose(ref([2], [1e-6, 1e-3]), ref([2], [0, 1e-3])), /element 0/);
  });

  it('refuses another shape with the same elements', () => {
    assert.throws(() => assertClose(ref([2, 1], [1, 2]), ref([2], [1, 2])), /shape of values/);
  });

  it('lets neither NaN nor infinity pass for a number, nor hide another element', () => {
    assertClose(ref([2], [Number.NaN, Infinity]), ref([2], [Number.NaN, Infinity]));
    assert.throws(() => assertClose(ref([1], [Number.NaN]), ref([1], [0])), /NaN/);
    assert.throws(() => assertClose(ref([1], [0]), ref([1], [Number.NaN])), /expected NaN/);
    assert.throws(() => assertClose(ref([1], [1e300]), ref([1], [Infinity])), /expected Infinity/);
    assert.throws(() => assertClose(ref([2], [Infinity, 1]), ref([2], [Infinity, 2])), /element 1/);
  });
});
