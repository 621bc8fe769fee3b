import assert from 'node:assert/strict';
import { full, type NestedNumbers, ones, type Tensor, tensor, zeros } from '../../lib/index.js';
import { leavesNothing } from './leaves-nothing.js';

/** The elements of a tensor that is not needed any more. */
function take(t: Tensor): number[] {
  const elements = [...t.dataSync()];
  t.dispose();
  return elements;
}

describe('making tensors', () => {
  it('takes shape and dtype from nested numbers and typed arrays', () => {
    const cases: [Tensor, number[], string][] = [
      [tensor(3), [], 'float32'],
      [tensor([]), [0], 'float32'],
      [tensor([[], []]), [2, 0], 'float32'],
      [tensor([[[1], [2], [3]]]), [1, 3, 1], 'float32'],
      [tensor(new Float32Array(6), [2, 3]), [2, 3], 'float32'],
      [tensor(new Int32Array(6)), [6], 'int32'],
      [tensor([1, 2], [2, 1], { dtype: 'int32' }), [2, 1], 'int32'],
      [zeros([2, 0, 3]), [2, 0, 3], 'float32'],
      [ones([], { dtype: 'int32' }), [], 'int32'],
    ];
    for (const [t, shape, dtype] of cases) {
      assert.deepEqual(t.shape, shape);
      assert.equal(t.dtype, dtype);
      assert.equal(t.rank, shape.length);
      assert.equal(
        t.size,
        shape.reduce((product, size) => product * size, 1),
      );
      assert.equal(t.dataSync().length, t.size);
      t.dispose();
    }
  });

  it('holds what it was given, in row-major order', () => {
    assert.deepEqual(
      take(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      [1, 2, 3, 4],
    );
    assert.deepEqual(take(tensor(new Int32Array([-(2 ** 31), 2 ** 31 - 1]))), [-(2 ** 31), 2 ** 31 - 1]);
    assert.deepEqual(take(full([3], -0.5)), [-0.5, -0.5, -0.5]);
    assert.deepEqual(take(full([2], -7, { dtype: 'int32' })), [-7, -7]);
    assert.deepEqual(take(tensor([Number.NaN, Number.POSITIVE_INFINITY])), [Number.NaN, Number.POSITIVE_INFINITY]);
  });

  it('copies: the array may change afterwards', () => {
    const array = new Float32Array([1, 2]);
    const t = tensor(array);
    array.fill(9);
    assert.deepEqual(take(t), [1, 2]);
  });

  it('reads a view of an array, and shared memory', () => {
    assert.deepEqual(take(tensor(new Float32Array([1, 2, 3, 4]).subarray(1, 3))), [2, 3]);
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([5, 6]);
    assert.deepEqual(take(tensor(shared)), [5, 6]);
  });

  it('refuses what is no tensor in one sentence, and keeps no memory', () =>
    leavesNothing(() => {
      const ragged: NestedNumbers = [[1, 2], [3]];
      const cases: [() => Tensor, RegExp][] = [
        [
          () => tensor(ragged),
          /^Expected arrays of equal length at each depth for tensor but received \[\[1, 2\], \[3\]\]/,
        ],
        [() => tensor([[1], 2]), /^Expected arrays of equal length/],
        [() => tensor([1, 2, 3], [2, 2]), /^Expected 4 values for a tensor of shape \(2,2\) but received 3\./],
        [() => tensor([1.5], [1], { dtype: 'int32' }), /^Expected whole numbers of 32 bits .* but received 1\.5\./],
        [() => tensor([2 ** 31], [1], { dtype: 'int32' }), /^Expected whole numbers of 32 bits/],
        [() => tensor(new Float32Array([Number.NaN]), [1], { dtype: 'int32' }), /but received NaN\./],
        [() => tensor(['1'] as unknown as number[]), /^Expected numbers for a float32 tensor but received '1'\./],
        [
          () => tensor(undefined as unknown as number),
          /^Expected numbers for a float32 tensor but received undefined\./,
        ],
        [() => tensor(new BigInt64Array(1) as unknown as Int32Array), /^Expected numbers for a float32 tensor/],
        [
          () => tensor([1], [1], { dtype: 'float64' as 'float32' }),
          /^Expected one of 'float32', 'int32', 'bfloat16' for dtype/,
        ],
        [() => zeros([1], { dtype: 'half' as 'float32' }), /for dtype but received 'half'\./],
        [() => full([1], 0.5, { dtype: 'int32' }), /^Expected whole numbers of 32 bits/],
        [() => full([1], '0' as unknown as number), /^Expected numbers/],
        [() => zeros([-1]), /^Expected a whole number of at least 0 .* but received -1\./],
        [() => zeros([1.5]), /but received 1\.5\./],
        [() => zeros([Number.NaN]), /but received NaN\./],
        [() => zeros(3 as unknown as number[]), /^Expected an array of sizes for zeros but received 3\./],
        [() => zeros([1, 1, 1, 1, 1, 1, 1, 1, 1]), /^Expected at most 8 axes for zeros but received 9\./],
        [() => tensor(new Int32Array(2), [2], { requiresGrad: true }), /^Expected a float32 tensor for requiresGrad/],
      ];
      for (const [make, message] of cases) assert.throws(make, { name: 'TypeError', message });
    }));
});

describe('tensor of arrays without end', () => {
  const depth = (levels: number): NestedNumbers => (levels === 0 ? [1] : [depth(levels - 1)]);

  it('refuses ones that hold themselves, directly or around a corner', () => {
    const own: unknown[] = [];
    own.push(own);
    const there: unknown[] = [];
    there.push([there]);
    for (const cyclic of [own, there]) {
      assert.throws(() => tensor(cyclic as number[]), {
        name: 'TypeError',
        message: /^Expected arrays nested at most 8 deep for tensor but received deeper ones, or one that holds itself/,
      });
    }
  });

  it('takes eight axes and refuses nine', () => {
    assert.deepEqual(tensor(depth(7)).shape, [1, 1, 1, 1, 1, 1, 1, 1]);
    assert.throws(() => tensor(depth(8)), /Expected arrays nested at most 8 deep/);
  });

  it('refuses holes, and long arrays of nothing else before it takes memory', () => {
    const holed = [1, 2, 3];
    delete holed[1];
    assert.throws(() => tensor(holed), /Expected numbers for a float32 tensor but received undefined/);
    assert.throws(() => tensor(new Array<number>(1e9)), /Expected numbers for a float32 tensor but received undefined/);
  });
});

describe('Tensor.set', () => {
  it('overwrites in place, and gives the tensor back', () => {
    const t = zeros([2, 2]);
    assert.equal(t.set([1, 2, 3, 4]), t);
    assert.deepEqual([...t.dataSync()], [1, 2, 3, 4]);
    assert.deepEqual(take(t.set(new Int32Array([4, 3, 2, 1]))), [4, 3, 2, 1]);
  });

  it('refuses another number of values, and values of another kind', () => {
    using t = zeros([2], { dtype: 'int32' });
    assert.throws(() => t.set([1]), /^TypeError: Expected 2 values for set on a int32 tensor of shape \(2\)/);
    assert.throws(() => t.set(3 as unknown as number[]), /^TypeError: Expected 2 values/);
    assert.throws(() => t.set([1, 0.5]), /^TypeError: Expected whole numbers of 32 bits/);
    assert.deepEqual([...t.dataSync()], [0, 0]);
  });
});

describe('reading a tensor', () => {
  it('gives a typed array of its dtype, once it is computed', async () => {
    using x = tensor([1, 2, 3]);
    using y = x.mul(2);
    using index = tensor(new Int32Array([7]));
    assert.deepEqual(await y.data(), new Float32Array([2, 4, 6]));
    assert.deepEqual(y.dataSync(), new Float32Array([2, 4, 6]));
    assert.deepEqual(await index.data(), new Int32Array([7]));
    assert.equal(await index.item(), 7);
    assert.equal(index.itemSync(), 7);
  });

  it('gives an empty array for no elements', async () => {
    using none = zeros([0, 3]);
    assert.equal((await none.data()).length, 0);
    assert.equal(none.dataSync().length, 0);
  });

  it('refuses item() of several elements, or none', async () => {
    using two = zeros([2]);
    using none = zeros([0]);
    const message =
      /^Expected a tensor of one element for item\(\) but received a float32 tensor of shape \(2\)\. Read data/;
    await assert.rejects(two.item(), { name: 'TypeError', message });
    assert.throws(() => two.itemSync(), { message });
    assert.throws(() => none.itemSync(), /one element/);
  });

  it('reads what was enqueued before, not after', async () => {
    using t = tensor([1]);
    const first = t.data();
    t.set([2]);
    assert.deepEqual([...(await first), ...(await t.data())], [1, 2]);
  });
});
