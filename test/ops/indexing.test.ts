import assert from 'node:assert/strict';
import { Capture, F, fence, keep, reset, scope, type Tensor, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, intsFromRef, LONG_SUM, returnsMemory } from '../native-op.js';
import { map, type Ref, ref, zeros } from '../reference/array.js';
import { checkGradient } from '../reference/finite-difference.js';
import { generator, integers, normal } from '../reference/random.js';
import { forEachIndex, positionOf, rearrange, rearrangeBackward, type Source } from '../reference/rearrange.js';

const ints = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), shape);

/** x with elements of `source` put, or added, where `index` says along `dim`; of several for one place the last stays. */
function scattered(x: Ref, dim: number, index: Ref, source: Ref, add: boolean): Ref {
  const y = map(x, (value) => value);
  forEachIndex(index.shape, (at, i) => {
    const place = positionOf(at.with(dim, index.data[i]), x.shape);
    const value = source.data[positionOf(at, source.shape)];
    y.data[place] = add ? y.data[place] + value : value;
  });
  return y;
}

function scatteredBackward(dy: Ref, dim: number, index: Ref, source: Ref, add: boolean): { dx: Ref; dsource: Ref } {
  const dx = map(dy, (value) => value);
  const dsource = zeros(source.shape);
  const last = new Map<number, number>();
  forEachIndex(index.shape, (at, i) => {
    const [place, from] = [positionOf(at.with(dim, index.data[i]), dy.shape), positionOf(at, source.shape)];
    if (!add) dsource.data[last.get(place) ?? from] = 0;
    last.set(place, from);
    dsource.data[from] = dy.data[place];
    if (!add) dx.data[place] = 0;
  });
  return { dx, dsource };
}

// More elements than a tile has, an index for each; places that many share; corners; nothing.
const SHAPES: { x: number[]; dim: number; index: number[]; source: number[] }[] = [
  { x: [7, 5], dim: 0, index: [7, 5], source: [7, 5] },
  { x: [2, 3, 4], dim: 1, index: [1, 6, 3], source: [2, 7, 3] },
  { x: [3], dim: 0, index: [41], source: [41] },
  { x: [311, 97], dim: 1, index: [300, 131], source: [300, 131] },
  { x: [97, 211], dim: 0, index: [131, 211], source: [131, 211] },
  { x: [3, 4], dim: 1, index: [0, 4], source: [3, 4] },
];

describe('gather, scatter and scatterAdd', () => {
  returnsMemory();

  for (const { x: shape, dim, index: at, source: from } of SHAPES) {
    const index = integers(at, generator(1), shape[dim]);
    const picks: Source = (...index_) => index_.with(dim, index.data[positionOf(index_, at)]);
    const x = normal(shape, generator(2));
    const source = normal(from, generator(3));
    const dy = normal(shape, generator(4));

    it(`gather (${at}) of (${shape}) along ${dim}`, () => {
      const dy = normal(at, generator(5));
      checkOp({
        inputs: { x },
        run: (t) => t.x.gather(dim, intsFromRef(index)),
        y: rearrange(x, at, picks),
        dy,
        gradients: { dx: rearrangeBackward(dy, shape, picks) },
      });
    });

    for (const name of ['scatter', 'scatterAdd'] as const) {
      const add = name === 'scatterAdd';
      it(`${name} (${at}) of (${from}) into (${shape}) along ${dim}`, () => {
        checkOp({
          inputs: { x, source },
          run: (t) => t.x[name](dim, intsFromRef(index), t.source),
          y: scattered(x, dim, index, source, add),
          dy,
          gradients: scatteredBackward(dy, dim, index, source, add),
        });
      });
    }
  }

  for (const add of [false, true]) {
    it(`have a reference of central differences, ${add ? 'adding' : 'writing'}`, () => {
      const index = ref([2, 4], [0, 2, 2, 1, 0, 0, 0, 2]);
      const inputs = { x: normal([3, 3], generator(6)), source: normal([2, 5], generator(7)) };
      const dy = normal([3, 3], generator(8));
      const gradients = scatteredBackward(dy, 1, index, inputs.source, add);
      checkGradient((t) => scattered(t.x, 1, index, t.source, add), inputs, gradients, { dy });
    });
  }

  it('scatter a number, and int32', () => {
    scope(() => {
      const x = ints([1, 2, 3]);
      assert.deepEqual([...x.scatter(0, ints([2, 0]), -7).dataSync()], [-7, 2, -7]);
      assert.deepEqual([...x.scatterAdd(0, ints([2, 2, 0]), ints([2 ** 30, 5, -9])).dataSync()], [-8, 2, 2 ** 30 + 8]);
      assert.deepEqual([...x.gather(0, ints([2, 2])).dataSync()], [3, 3]);
      assert.deepEqual([...x.indexSelect(0, ints([1])).dataSync()], [2]);
      assertBadInput(() => x.scatter(0, ints([0]), 0.5), /whole numbers/);
    });
  });

  it('keep an index that changes after the call', () => {
    scope(() => {
      const x = tensor([1, 2, 3], undefined, { requiresGrad: true });
      const index = ints([2, 2]);
      const y = x.gather(0, index);
      index.set([0, 1]);
      y.sum().backward();
      assert.deepEqual([...(x.grad?.dataSync() ?? [])], [0, 0, 2]);
    });
  });

  it('refuse shapes and dtypes that do not fit', () => {
    const x = () => zeroTensor([2, 3]);
    assertBadInput(() => x().gather(0, zeroTensor([2, 3])), /int32 tensor for gather index/);
    assertBadInput(() => x().gather(0, ints([0])), /no longer than \(2,3\) along axes but 0 for gather index .*\(1\)/);
    assertBadInput(() => x().gather(0, ints([0], [])), /gather index/);
    assertBadInput(() => x().gather(1, ints([0, 0, 0], [3, 1])), /along axes but 1 for gather index/);
    assertBadInput(() => x().scatter(0, ints([0, 0], [1, 2]), zeroTensor([1, 1])), /as long as \(1,2\) for scatter/);
    assertBadInput(
      () => x().scatterAdd(0, ints([0], [1, 1]), ints([0], [1, 1])),
      /float32 tensor for scatterAdd source/,
    );
    assertBadInput(() => x().indexSelect(0, ints([0], [1, 1])), /\(N\) of 1 axes for indexSelect index/);
    assertBadInput(() => zeroTensor([0, 3]).gather(0, ints([0], [1, 1])), /an axis with positions for gather/);
  });
});

describe('indices outside', () => {
  const CASES: [string, (x: Tensor, at: Tensor) => Tensor, number, RegExp][] = [
    ['gather', (x, at) => x.gather(0, at), -1, /from 0 to 2 for gather but received -1 at index 1\./],
    ['scatter', (x, at) => x.scatter(0, at, 1), 3, /from 0 to 2 for scatter but received 3/],
    ['scatterAdd', (x, at) => x.scatterAdd(0, at, x), 3, /from 0 to 2 for scatterAdd but received 3/],
    ['indexSelect', (x, at) => x.indexSelect(0, at), 3, /from 0 to 2 for indexSelect but received 3/],
    ['index', (x, at) => x.index([at]), -4, /from -3 to 2 for index but received -4/],
  ];
  for (const [name, run, wrong, says] of CASES) {
    it(`stop the stream, and ${name} is named`, async () => {
      const x = keep(zeroTensor([3]));
      const at = keep(ints([0, wrong]));
      keep(run(x, at));
      try {
        await assert.rejects(fence(), (error: Error) => {
          assert.match(error.message, says);
          assert.match(error.stack ?? '', /indexing\.test/);
          return true;
        });
      } finally {
        reset();
      }
    });
  }
});

describe('index', () => {
  returnsMemory();

  it('has the gradients of rows that come again, in several tiles', () => {
    const x = normal([97, 211], generator(1));
    const at = integers([700], generator(2), 97);
    const source: Source = (i, j) => [at.data[i], j];
    const dy = normal([700, 211], generator(3));
    checkOp({
      inputs: { x },
      run: (t) => t.x.index([intsFromRef(at)]),
      y: rearrange(x, [700, 211], source),
      dy,
      gradients: { dx: rearrangeBackward(dy, x.shape, source) },
    });
  });

  it('takes parts as objects, and int32', () => {
    scope(() => {
      const x = ints([0, 1, 2, 3, 4, 5], [2, 3]);
      assert.deepEqual([...x.index([1, { start: 1 }]).dataSync()], [4, 5]);
      assert.deepEqual([...x.index(['...', { end: -1, step: 2 }]).dataSync()], [0, 3]);
      assert.deepEqual([...x.index([[true, false], [2]]).dataSync()], [2]);
    });
  });

  it('refuses what is no item', () => {
    const index =
      (...items: unknown[]) =>
      () =>
        zeroTensor([2, 3]).index(items as never);
    assertBadInput(index(0, 0, 0), /items for at most 2 axes for index of \(2,3\) .*some for 3/);
    assertBadInput(index('...', '...'), /one '\.\.\.' for index .*several/);
    assertBadInput(index(2), /axis from -2 to 1 for a position in index .* 2\.|position in index/);
    assertBadInput(index(0.5), /whole number .*position in index .*0\.5/);
    assertBadInput(index('::-1'), /at least 1 for a step in index .*-1/);
    assertBadInput(index('a:b'), /a part such as .*'a:b'/);
    assertBadInput(index({ from: 1 }), /'from'/);
    assertBadInput(() => index(zeroTensor([1]))(), /int32 tensor for index/);
    assertBadInput(index([true]), /a mask of shape \(2\) for index .*\(1\)/);
    assertBadInput(index([[true, false, true], [true]]), /equal length .*mask/);
    assertBadInput(index([0, 0.5]), /whole numbers/);
    assertBadInput(index([0, 1], [0, 1, 2]), /shapes that broadcast for index/);
    assertBadInput(index(undefined), /for index .*undefined/);
    assertBadInput(() => zeroTensor([2]).index(0 as never), /an array of items for index/);
    assertBadInput(index(...Array.from({ length: 7 }, () => null)), /at most 8 axes/);
  });

  it('refuses a comparison as a mask, and says what to do', () => {
    assertBadInput(() => {
      const x = tensor([1, -2, 3]);
      return x.index([x.gt(0)]);
    }, /int32 indices for index .*It is a mask: .*nonzero/);
  });

  it('refuses what is made of comparisons as well, whatever its shape', () => {
    for (const mask of [
      () => F.any(tensor([[1, 0]]), { dim: 0 }),
      () => F.all(tensor([[1, 0]]), { dim: 0 }),
      () =>
        tensor([[1, 0]])
          .gt(0)
          .reshape([2]),
      () =>
        tensor([[1], [0]])
          .gt(0)
          .transpose(0, 1)
          .flatten(),
    ]) {
      assertBadInput(() => tensor([1, 2]).index([mask()]), /It is a mask: .*nonzero/);
    }
  });

  it('goes with nonzero where a mask is computed', async () => {
    const x = keep(
      tensor([
        [1, -2],
        [-3, 4],
      ]),
    );
    const mask = keep(x.lt(0));
    const at = await mask.nonzero();
    assert.deepEqual(at.shape, [2, 2]);
    assert.deepEqual([...at.dataSync()], [0, 1, 1, 0]);
    const picked = scope(() => [...x.index(at.unbind(1)).dataSync()]);
    assert.deepEqual(picked, [-2, -3]);
    for (const made of [x, mask, at]) made.dispose();
  });

  it('is recorded by a capture, unless it brings values', () => {
    scope(() => {
      const x = keep(tensor([1, 2, 3]));
      const at = keep(ints([2, 0]));
      const capture = new Capture(() => x.index([at]));
      const y = capture.result;
      x.set([4, 5, 6]);
      capture.replay();
      assert.deepEqual([...y.dataSync()], [6, 4]);
      capture.dispose();
      assert.throws(() => new Capture(() => x.index([[0, 1]])), /^Error: Expected/);
      for (const made of [x, at]) made.dispose();
    });
  });
});

describe('nonzero', () => {
  it('gives the indices of what is not 0, NaN among it', async () => {
    const cases: [Tensor, number[], number[]][] = [
      [tensor([0, -0, NaN, 1]), [2, 1], [2, 3]],
      [ints([5], []), [1, 0], []],
      [ints([0], []), [0, 0], []],
      [zeroTensor([2, 0]), [0, 2], []],
    ];
    for (const [x, shape, values] of cases) {
      const at = await F.nonzero(x);
      assert.equal(at.dtype, 'int32');
      assert.deepEqual(at.shape, shape);
      assert.deepEqual([...at.dataSync()], values);
      for (const made of [x, at]) made.dispose();
    }
  });
});

describe('repeatInterleave by position', () => {
  returnsMemory();
  it('repeats each position as often as it says', () => {
    const x = normal([2, 3], generator(1));
    const dy = normal([2, 4], generator(2));
    const source: Source = (i, j) => [i, [0, 0, 0, 2][j]];
    checkOp({
      inputs: { x },
      run: (t) => t.x.repeatInterleave([3, 0, 1], 1),
      y: rearrange(x, [2, 4], source),
      dy,
      gradients: { dx: rearrangeBackward(dy, x.shape, source) },
    });
    assertBadInput(() => zeroTensor([2]).repeatInterleave([1, 2, 3], 0), /2 numbers for repeatInterleave repeats/);
  });
});

/** Row by row along the middle axis of (outer,size,inner): f on each, in float64. */
function alongMiddle(x: Ref, f: (row: number[]) => number[], size: number): Ref {
  const [outer, , inner] = x.shape;
  const y = zeros([outer, size, inner]);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const row = Array.from({ length: x.shape[1] }, (_, i) => x.data[positionOf([o, i, j], x.shape)]);
      for (const [i, value] of f(row).entries()) y.data[positionOf([o, i, j], y.shape)] = value;
    }
  }
  return y;
}

describe('sort, argsort and topk', () => {
  returnsMemory();

  for (const [shape, k] of [
    [[3, 211, 17], 211],
    [[3, 211, 17], 5],
    [[1, 7, 1], 0],
    [[0, 7, 2], 3],
  ] satisfies [number[], number][]) {
    for (const greatest of [false, true]) {
      it(`choose ${k} of (${shape}), the ${greatest ? 'greatest' : 'least'} first, ties by index`, () => {
        const x = map(normal(shape, generator(1)), (value) => Math.round(8 * value) + 0); // with ties, and without -0
        const order = (row: number[]) =>
          row
            .map((_, i) => i)
            .sort((a, b) => (greatest ? row[b] - row[a] : row[a] - row[b]) || a - b)
            .slice(0, k);
        const index = alongMiddle(x, order, k);
        const picks: Source = (...at) => at.with(1, index.data[positionOf(at, index.shape)]);
        const dy = normal(index.shape, generator(2));
        const options = { dim: 1, largest: greatest };
        checkOp({
          inputs: { x },
          run: (t) => t.x.topk(k, options).values,
          y: rearrange(x, index.shape, picks),
          dy,
          gradients: { dx: rearrangeBackward(dy, shape, picks) },
        });
        scope(() => {
          const input = tensor(Int32Array.from(x.data), shape);
          const { values, indices } = input.topk(k, options);
          assert.deepEqual([values.dtype, indices.dtype], ['int32', 'int32']);
          assert.deepEqual([...indices.dataSync()], [...index.data]);
          assert.deepEqual([...values.dataSync()], [...rearrange(x, index.shape, picks).data]);
          if (k !== shape[1]) return;
          assert.deepEqual([...input.argsort({ dim: 1, descending: greatest }).dataSync()], [...index.data]);
          assert.deepEqual(input.sort({ dim: 1, descending: greatest }).values.dataSync(), values.dataSync());
        });
      });
    }
  }

  it('order the least and the greatest int32', () => {
    scope(() => {
      const x = ints([5, -(2 ** 31), 2 ** 31 - 1, -1, 0]);
      assert.deepEqual([...x.sort().values.dataSync()], [-(2 ** 31), -1, 0, 5, 2 ** 31 - 1]);
    });
  });

  it('keep the order of 0 and -0, and numbers too small for arithmetic', () => {
    scope(() => {
      assert.deepEqual([...F.argsort(tensor([0, -0, 1e-42, -1e-42, 0])).dataSync()], [3, 0, 1, 4, 2]);
    });
  });

  it('refuse a k that an axis has not', () => {
    assertBadInput(() => zeroTensor([2, 3]).topk(4), /from 0 to 3 for topk k .* 4\./);
    assertBadInput(() => zeroTensor([2, 3]).sort({ dim: 2 }), /axis from -2 to 1 for sort dim/);
  });
});

describe('cumsum', () => {
  returnsMemory();
  const total = (row: number[]): number[] =>
    row.map((_, i) => row.slice(0, i + 1).reduce((sum, value) => sum + value, 0));
  const backwards = (row: number[]): number[] => total(row.toReversed()).toReversed();

  for (const shape of [
    [3, 7, 1],
    [1, 5, 700],
    [2, 0, 3],
    [41, 197, 3],
  ]) {
    it(`of (${shape}) has the reference's value and gradient`, () => {
      const x = normal(shape, generator(1));
      const dy = normal(shape, generator(2));
      const y = alongMiddle(x, total, shape[1]);
      const dx = alongMiddle(dy, backwards, shape[1]);
      checkOp({ inputs: { x }, run: (t) => t.x.cumsum(1), y, dy, gradients: { dx } });
      if (x.data.length < 50) checkGradient((t) => alongMiddle(t.x, total, shape[1]), { x }, { dx }, { dy });
    });
  }

  it('of 20,000 stays within the bound, and int32 wraps around', () => {
    const x = map(normal([1, 20_000, 1], generator(3)), Math.abs);
    let sum = 0;
    const y = map(x, (value) => {
      sum += value;
      return sum;
    });
    const dy = map(x, () => 0);
    checkOp({ inputs: { x }, run: (t) => t.x.cumsum(1), y, dy, gradients: { dx: dy }, bound: LONG_SUM });
    scope(() => {
      assert.deepEqual(
        [
          ...ints([2 ** 31 - 1, 1, -5])
            .cumsum(-1)
            .dataSync(),
        ],
        [2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 5],
      );
    });
  });
});
