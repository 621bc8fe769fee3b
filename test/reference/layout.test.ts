import assert from 'node:assert/strict';
import { type Ref, ref, reshape, zeros } from './array.js';
import { cat, catBackward } from './cat.js';
import { dropout, dropoutBackward } from './dropout.js';
import { embedding, embeddingBackward } from './embedding.js';
import { checkGradient } from './finite-difference.js';
import { bernoulli, generator, normal } from './random.js';
import { slice, sliceBackward } from './slice.js';
import { tile, tileBackward } from './tile.js';
import { transpose, transposeBackward } from './transpose.js';

const count = (...shape: number[]) =>
  reshape(
    ref(
      [shape.reduce((n, s) => n * s, 1)],
      zeros(shape).data.map((_, i) => i),
    ),
    shape,
  );

describe('reference cat', () => {
  it('puts arrays end to end', () => {
    assert.deepEqual(cat([ref([2, 1], [1, 2]), ref([2, 2], [3, 4, 5, 6])], 1), ref([2, 3], [1, 3, 4, 2, 5, 6]));
    assert.deepEqual(cat([ref([1, 2], [1, 2]), ref([1, 2], [3, 4])], -2), ref([2, 2], [1, 2, 3, 4]));
    assert.deepEqual(cat([ref([0], []), ref([1], [7])], 0), ref([1], [7]));
  });

  for (const [shapes, dim] of [
    [
      [
        [1, 7],
        [3, 7],
      ],
      0,
    ],
    [
      [
        [2, 1, 3],
        [2, 17, 3],
        [2, 0, 3],
      ],
      1,
    ],
    [
      [
        [3, 7],
        [3, 1],
      ],
      -1,
    ],
  ] as const) {
    it(`has the gradients of central differences: ${JSON.stringify(shapes)} along ${dim}`, () => {
      const random = generator(131);
      const xs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, normal(shape, random)]));
      const dy = normal(cat(Object.values(xs), dim).shape, random);
      const gradients = catBackward(dy, shapes, dim);
      const named = Object.fromEntries(gradients.map((dx, i) => [`dx${i}`, dx]));
      checkGradient((inputs: Record<string, Ref>) => cat(Object.values(inputs), dim), xs, named, { dy });
    });
  }
});

describe('reference slice', () => {
  it('takes start to end of one dimension', () => {
    assert.deepEqual(slice(count(2, 3), 1, 1, 3), ref([2, 2], [1, 2, 4, 5]));
    assert.deepEqual(slice(count(2, 3), 0, 1, 2), ref([1, 3], [3, 4, 5]));
    assert.deepEqual(slice(count(2, 3), -1, 2, 2), zeros([2, 0]));
  });

  for (const [shape, dim, start, end] of [
    [[7], 0, 0, 1],
    [[2, 17, 3], 1, 1, 17],
    [[3, 7], -1, 2, 5],
    [[1, 3], 0, 0, 1],
  ] as const) {
    it(`has the gradient of central differences: (${shape}), ${start} to ${end} of ${dim}`, () => {
      const random = generator(132);
      const x = normal(shape, random);
      const dy = normal(slice(x, dim, start, end).shape, random);
      const dx = sliceBackward(dy, shape, dim, start);
      checkGradient((inputs) => slice(inputs.x, dim, start, end), { x }, { dx }, { dy });
    });
  }
});

describe('reference transpose', () => {
  it('exchanges two dimensions', () => {
    assert.deepEqual(transpose(count(2, 3), 0, 1), ref([3, 2], [0, 3, 1, 4, 2, 5]));
    assert.deepEqual(transpose(count(1, 2, 3), 0, -1), ref([3, 2, 1], [0, 3, 1, 4, 2, 5]));
    assert.deepEqual(transpose(count(2, 2, 2, 2), 1, 2).data.subarray(0, 8), Float64Array.of(0, 1, 4, 5, 2, 3, 6, 7));
    assert.deepEqual(transpose(count(2, 3), 1, 1), count(2, 3));
    assert.deepEqual(transpose(zeros([0, 3, 2]), 0, 2), zeros([2, 3, 0]));
  });

  for (const [shape, dim0, dim1] of [
    [[7, 3], 0, 1],
    [[2, 3, 1, 5], 1, 3],
    [[2, 3, 7, 2], -2, 1],
    [[3, 2, 4], 2, 0],
  ] as const) {
    it(`has the gradient of central differences: (${shape}), ${dim0} and ${dim1}`, () => {
      const random = generator(133);
      const x = normal(shape, random);
      const dy = normal(transpose(x, dim0, dim1).shape, random);
      const dx = transposeBackward(dy, dim0, dim1);
      checkGradient((inputs) => transpose(inputs.x, dim0, dim1), { x }, { dx }, { dy });
    });
  }
});

describe('reference tile', () => {
  it('repeats along each dimension, the shorter list aligned at the right', () => {
    assert.deepEqual(tile(ref([2], [1, 2]), [2]), ref([4], [1, 2, 1, 2]));
    assert.deepEqual(tile(ref([2], [1, 2]), [2, 1]), ref([2, 2], [1, 2, 1, 2]));
    assert.deepEqual(tile(count(2, 2), [2]), ref([2, 4], [0, 1, 0, 1, 2, 3, 2, 3]));
    assert.deepEqual(tile(count(2, 2), [0, 1]), zeros([0, 2]));
  });

  for (const [shape, repeats] of [
    [[7], [1]],
    [
      [2, 3],
      [3, 1, 2],
    ],
    [[1, 2, 3], [2]],
    [[17], [2, 1]],
  ]) {
    it(`has the gradient of central differences: (${shape}) by (${repeats})`, () => {
      const random = generator(134);
      const x = normal(shape, random);
      const dy = normal(tile(x, repeats).shape, random);
      checkGradient((inputs) => tile(inputs.x, repeats), { x }, { dx: tileBackward(dy, shape, repeats) }, { dy });
    });
  }
});

describe('reference embedding', () => {
  it('looks rows up', () => {
    assert.deepEqual(embedding(count(3, 2), ref([2, 2], [2, 0, 0, 1])), ref([2, 2, 2], [4, 5, 0, 1, 0, 1, 2, 3]));
    assert.deepEqual(embedding(count(3, 2), zeros([0])), zeros([0, 2]));
  });

  it('has the gradient of central differences, also where a row is read twice or never', () => {
    const random = generator(135);
    const weight = normal([7, 3], random);
    const indices = ref([2, 3], [6, 0, 6, 2, 1, 6]);
    const dy = normal([2, 3, 3], random);
    const dweight = embeddingBackward(dy, weight.shape, indices);
    checkGradient((inputs) => embedding(inputs.weight, indices), { weight }, { dweight }, { dy });
  });
});

describe('reference dropout', () => {
  it('drops what the mask says and scales up the rest', () => {
    assert.deepEqual(dropout(ref([3], [1, 2, 3]), ref([3], [1, 0, 1]), 0.5), ref([3], [2, 0, 6]));
    assert.deepEqual(dropout(ref([2], [1, 2]), zeros([2]), 1), zeros([2]));
  });

  it('has the gradient of central differences', () => {
    const random = generator(136);
    const [x, dy, mask] = [normal([17], random), normal([17], random), bernoulli([17], random, 0.7)];
    checkGradient((inputs) => dropout(inputs.x, mask, 0.3), { x }, { dx: dropoutBackward(dy, mask, 0.3) }, { dy });
  });
});
