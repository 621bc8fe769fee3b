import assert from 'node:assert/strict';
import { F, scope, type Tensor, tensor, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, fromRef, returnsMemory } from '../native-op.js';
import { map, type Ref, ref, reshape, sizeOf } from '../reference/array.js';
import { checkGradient } from '../reference/finite-difference.js';
import { generator, integers, normal } from '../reference/random.js';
import { rearrange, rearrangeBackward, type Source } from '../reference/rearrange.js';

/** An op that moves elements: what it makes of a shape, and where each element of the result comes from. */
interface Move {
  name: string;
  from: readonly number[];
  run: (x: Tensor) => Tensor;
  to: readonly number[];
  source: Source;
}

/** Under another shape: row-major positions stay. */
function same(name: string, from: readonly number[], to: readonly number[], run: (x: Tensor) => Tensor): Move {
  const source: Source = (...index) => {
    let rest = index.reduce((position, at, axis) => position * to[axis] + at, 0);
    return from.map((size, axis) => {
      const stride = sizeOf(from.slice(axis + 1));
      const at = Math.floor(rest / stride) % size;
      rest -= at * stride;
      return at;
    });
  };
  return { name, from, run, to, source };
}

const MOVES: Move[] = [
  same('reshape', [2, 6], [3, 4], (x) => x.reshape([-1, 4])),
  same('squeeze', [1, 3, 1, 2], [3, 2], (x) => x.squeeze()),
  same('squeeze dim', [1, 3, 1, 2], [1, 3, 2], (x) => x.squeeze(-2)),
  same('squeeze dims', [1, 3, 1, 2], [3, 1, 2], (x) => x.squeeze([0, 1])),
  same('squeeze a scalar', [], [], (x) => x.squeeze(-1)),
  same('squeeze nothing', [0, 1], [0], (x) => x.squeeze()),
  same('unsqueeze', [3, 2], [3, 1, 2], (x) => x.unsqueeze(1)),
  same('unsqueeze at the end', [3, 2], [3, 2, 1], (x) => x.unsqueeze(-1)),
  same('unsqueeze a scalar', [], [1], (x) => x.unsqueeze(0)),
  same('flatten', [2, 3, 4], [24], (x) => x.flatten()),
  same('flatten inner axes', [2, 3, 4], [2, 12], (x) => x.flatten(1)),
  same('flatten outer axes', [2, 3, 4], [6, 4], (x) => x.flatten(0, -2)),
  same('flatten a scalar', [], [1], (x) => x.flatten()),
  same('flatten nothing', [2, 0, 3], [2, 0], (x) => x.flatten(1)),
  same('unflatten', [2, 12], [2, 3, 4], (x) => x.unflatten(-1, [3, -1])),
  {
    name: 'narrow',
    from: [5, 7],
    run: (x) => x.narrow(1, -4, 3),
    to: [5, 3],
    source: (i, j) => [i, j + 3],
  },
  { name: 'narrow to nothing', from: [5, 7], run: (x) => x.narrow(0, 5, 0), to: [0, 7], source: (i, j) => [i, j] },
  { name: 'select', from: [2, 3, 4], run: (x) => x.select(1, -1), to: [2, 4], source: (i, j) => [i, 2, j] },
  { name: 'select of a vector', from: [3], run: (x) => x.select(0, 1), to: [], source: () => [1] },
  {
    name: 'movedim',
    from: [2, 3, 4, 5],
    run: (x) => x.movedim(0, -1),
    to: [3, 4, 5, 2],
    source: (i, j, k, l) => [l, i, j, k],
  },
  {
    name: 'movedim of two',
    from: [2, 3, 4, 5],
    run: (x) => x.movedim([0, 1], [-1, -2]),
    to: [4, 5, 3, 2],
    source: (i, j, k, l) => [l, k, i, j],
  },
  { name: 'flip', from: [5], run: (x) => x.flip(0), to: [5], source: (i) => [4 - i] },
  { name: 'flip rows', from: [5, 40], run: (x) => x.flip([0]), to: [5, 40], source: (i, j) => [4 - i, j] },
  {
    name: 'flip outer and inner axes',
    from: [2, 3, 40],
    run: (x) => x.flip([0, -1]),
    to: [2, 3, 40],
    source: (i, j, k) => [1 - i, j, 39 - k],
  },
  { name: 'flip no axis', from: [2, 3], run: (x) => x.flip([]), to: [2, 3], source: (i, j) => [i, j] },
  { name: 'flip nothing', from: [2, 0, 3], run: (x) => x.flip([0, 1]), to: [2, 0, 3], source: (...at) => at },
  { name: 'roll', from: [5], run: (x) => x.roll(2), to: [5], source: (i) => [(i + 3) % 5] },
  {
    name: 'roll the whole',
    from: [2, 3],
    run: (x) => x.roll(-8),
    to: [2, 3],
    source: (i, j) => [Math.floor(((i * 3 + j + 2) % 6) / 3), (j + 2) % 3],
  },
  {
    name: 'roll two axes',
    from: [4, 3, 5],
    run: (x) => x.roll([1, -7], [0, -1]),
    to: [4, 3, 5],
    source: (i, j, k) => [(i + 3) % 4, j, (k + 2) % 5],
  },
  { name: 'roll one axis twice', from: [5], run: (x) => x.roll([1, 3], [0, 0]), to: [5], source: (i) => [(i + 1) % 5] },
  { name: 'roll nothing', from: [0, 3], run: (x) => x.roll(1, 0), to: [0, 3], source: (...at) => at },
  {
    name: 'expand',
    from: [3, 1],
    run: (x) => x.expand([2, -1, 4]),
    to: [2, 3, 4],
    source: (_, j) => [j, 0],
  },
  { name: 'expand a scalar', from: [], run: (x) => x.expand([3]), to: [3], source: () => [] },
  { name: 'expand to nothing', from: [1, 2], run: (x) => x.expand([0, 2]), to: [0, 2], source: (...at) => at },
  {
    name: 'expandAs',
    from: [1, 4],
    run: (x) => x.expandAs(zeroTensor([3, 4])),
    to: [3, 4],
    source: (_, j) => [0, j],
  },
  {
    name: 'repeat',
    from: [2, 3],
    run: (x) => x.repeat([2, 1, 2]),
    to: [2, 2, 6],
    source: (_, i, j) => [i, j % 3],
  },
  { name: 'tile from the right', from: [2, 3], run: (x) => x.tile([2]), to: [2, 6], source: (i, j) => [i, j % 3] },
  {
    name: 'repeatInterleave',
    from: [2, 3],
    run: (x) => x.repeatInterleave(2, -1),
    to: [2, 6],
    source: (i, j) => [i, Math.floor(j / 2)],
  },
  {
    name: 'repeatInterleave of rows',
    from: [2, 3],
    run: (x) => x.repeatInterleave(3, 0),
    to: [6, 3],
    source: (i, j) => [Math.floor(i / 3), j],
  },
  {
    name: 'repeatInterleave of all',
    from: [2, 3],
    run: (x) => x.repeatInterleave(2),
    to: [12],
    source: (i) => [Math.floor(i / 6), Math.floor(i / 2) % 3],
  },
  { name: 'repeatInterleave to nothing', from: [2], run: (x) => x.repeatInterleave(0), to: [0], source: (i) => [i] },
  { name: 'diagonal', from: [3, 4], run: (x) => x.diagonal(), to: [3], source: (i) => [i, i] },
  { name: 'diagonal above', from: [3, 4], run: (x) => x.diagonal({ offset: 2 }), to: [2], source: (i) => [i, i + 2] },
  { name: 'diagonal below', from: [3, 4], run: (x) => x.diagonal({ offset: -1 }), to: [2], source: (i) => [i + 1, i] },
  { name: 'diagonal outside', from: [3, 4], run: (x) => x.diagonal({ offset: 9 }), to: [0], source: (i) => [i, i] },
  {
    name: 'diagonal of batches',
    from: [3, 2, 4],
    run: (x) => x.diagonal({ dim1: -1, dim2: 0 }),
    to: [2, 3],
    source: (i, j) => [j, i, j],
  },
  {
    name: 'tril',
    from: [2, 3, 5],
    run: (x) => x.tril(),
    to: [2, 3, 5],
    source: (n, i, j) => (j <= i ? [n, i, j] : undefined),
  },
  {
    name: 'tril above',
    from: [3, 5],
    run: (x) => x.tril(2),
    to: [3, 5],
    source: (i, j) => (j <= i + 2 ? [i, j] : undefined),
  },
  { name: 'triu', from: [5, 3], run: (x) => x.triu(), to: [5, 3], source: (i, j) => (j >= i ? [i, j] : undefined) },
  {
    name: 'triu below',
    from: [5, 3],
    run: (x) => x.triu(-2),
    to: [5, 3],
    source: (i, j) => (j >= i - 2 ? [i, j] : undefined),
  },
  { name: 'triu of nothing', from: [0, 3], run: (x) => x.triu(), to: [0, 3], source: (...at) => at },
];

describe('ops that move elements', () => {
  returnsMemory();

  for (const { name, from, run, to, source } of MOVES) {
    it(`${name} makes (${to}) of (${from})`, () => {
      const x = normal(from, generator(1));
      const dy = normal(to, generator(2));
      checkOp({
        inputs: { x },
        run: (t) => run(t.x),
        y: rearrange(x, to, source),
        dy,
        gradients: { dx: rearrangeBackward(dy, from, source) },
      });
    });

    it(`${name} moves int32 too`, () => {
      scope(() => {
        const x = map(integers(from, generator(3), 2 ** 31), (value) => value - 2 ** 30);
        const y = run(tensor(Int32Array.from(x.data), x.shape));
        assert.equal(y.dtype, 'int32');
        assert.deepEqual(y.shape, to);
        assert.deepEqual([...y.dataSync()], [...rearrange(x, to, source).data]);
      });
    });
  }

  it('have a reference whose gradients are central differences', () => {
    const source: Source = (i, j) => (i === j ? undefined : [(i + j) % 3]);
    const x = normal([3], generator(4));
    const dy = normal([4, 5], generator(5));
    const dx = rearrangeBackward(dy, [3], source);
    checkGradient((inputs) => rearrange(inputs.x, [4, 5], source), { x }, { dx }, { dy });
    assert.throws(() => rearrange(x, [1], () => [3]), RangeError);
  });

  it('move many elements: flips, rolls and triangles of several tiles', () => {
    const shape = [3, 211, 197];
    const x = normal(shape, generator(6));
    const dy = normal(shape, generator(7));
    for (const [run, source] of [
      [(t: Tensor) => t.flip([0, 2]), (n, i, j) => [2 - n, i, 196 - j]],
      [(t: Tensor) => t.roll([1, 100], [0, 2]), (n, i, j) => [(n + 2) % 3, i, (j + 97) % 197]],
      [(t: Tensor) => t.tril(-3), (n, i, j) => (j <= i - 3 ? [n, i, j] : undefined)],
    ] satisfies [(t: Tensor) => Tensor, Source][]) {
      const gradients = { dx: rearrangeBackward(dy, shape, source) };
      checkOp({ inputs: { x }, run: (t) => run(t.x), y: rearrange(x, shape, source), dy, gradients });
    }
  });
});

/** The parts of (7,5), and the reference of each. */
const PARTS: [string, (x: Tensor) => Tensor[], number, readonly number[]][] = [
  ['split by a size', (x) => x.split(3), 0, [3, 3, 1]],
  ['split by sizes', (x) => x.split([1, 0, 4], -1), 1, [1, 0, 4]],
  ['chunk', (x) => x.chunk(3), 0, [3, 3, 1]],
  ['chunk into fewer', (x) => F.chunk(x, 4, 1), 1, [2, 2, 1]],
];

describe('ops that cut', () => {
  returnsMemory();

  for (const [name, cut, axis, sizes] of PARTS) {
    it(`${name} gives pieces of ${sizes}, whose gradients come together`, () => {
      scope(() => {
        const x = normal([7, 5], generator(1));
        const input = fromRef(x, { requiresGrad: true });
        const parts = cut(input);
        assert.deepEqual(
          parts.map((part) => part.shape[axis]),
          sizes,
        );
        assert.deepEqual(F.cat(parts, axis).dataSync(), input.dataSync());
        const factors = parts.map((_, i) => i + 1);
        for (const [i, part] of parts.entries()) part.mul(factors[i]).sum().backward();
        const expected = sizes.flatMap((size, i) => new Array<number>(size).fill(factors[i]));
        const columns = rearrange(ref([expected.length], expected), [7, 5], (...at) => [at[axis]]);
        assert.deepEqual([...(input.grad?.dataSync() ?? [])], [...columns.data]);
      });
    });
  }

  it('unbind gives each position, and its gradients', () => {
    scope(() => {
      const x = tensor(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        undefined,
        { requiresGrad: true },
      );
      const [a, b, c, ...rest] = x.unbind(-1);
      assert.equal(rest.length, 0);
      assert.deepEqual([...(a?.dataSync() ?? [])], [1, 4]);
      assert.deepEqual(c?.shape, [2]);
      b?.sum().backward();
      assert.deepEqual([...(x.grad?.dataSync() ?? [])], [0, 1, 0, 0, 1, 0]);
    });
  });

  it('give what PyTorch gives of nothing', () => {
    scope(() => {
      const shapes = (parts: Tensor[]) => parts.map((part) => part.shape);
      assert.deepEqual(shapes(zeroTensor([0, 2]).chunk(3)), [
        [0, 2],
        [0, 2],
        [0, 2],
      ]);
      assert.deepEqual(shapes(zeroTensor([0, 2]).split(4)), [[0, 2]]);
      assert.deepEqual(shapes(zeroTensor([0]).split(0)), [[0]]);
      assert.deepEqual(zeroTensor([0, 2]).unbind(), []);
    });
  });

  it('refuse sizes that do not add up', () => {
    const x = () => zeroTensor([7, 5]);
    assertBadInput(() => x().split(0), /at least 1 for split sizes .* 0\./);
    assertBadInput(() => x().split([3, 3]), /add up to 7 for split .*\[3, 3\]/);
    assertBadInput(() => x().split([8, -1]), /split sizes .*-1\./);
    assertBadInput(() => x().split(2.5), /split sizes .*2\.5/);
    assertBadInput(() => x().chunk(0), /chunk chunks .* 0\./);
    assertBadInput(() => x().chunk(2, 2), /axis from -2 to 1 for chunk dim .* 2\./);
    assertBadInput(() => zeroTensor([]).unbind(), /tensor with axes for unbind dim/);
  });
});

describe('stack', () => {
  returnsMemory();

  for (const [shape, dim, to, source] of [
    [[2, 3], 0, [2, 2, 3], (n, i, j) => [n, i, j]],
    [[2, 3], -1, [2, 3, 2], (i, j, n) => [n, i, j]],
    [[], 0, [2], (n) => [n]],
    [[0, 3], 1, [0, 2, 3], (i, n, j) => [n, i, j]],
  ] satisfies [number[], number, number[], Source][]) {
    it(`puts two of (${shape}) side by side at ${dim}`, () => {
      const both = normal([2, ...shape], generator(1));
      const half = both.data.length / 2;
      const [a, b] = [0, 1].map((i) => ref(shape, both.data.subarray(i * half, (i + 1) * half))) as [Ref, Ref];
      const dy = normal(to, generator(2));
      const d = rearrangeBackward(dy, both.shape, source).data;
      checkOp({
        inputs: { a, b },
        run: (t) => F.stack([t.a, t.b], dim),
        y: rearrange(both, to, source),
        dy,
        gradients: { da: ref(shape, d.subarray(0, half)), db: ref(shape, d.subarray(half)) },
      });
    });
  }

  it('takes int32, and refuses shapes that differ', () => {
    scope(() => {
      const ones = tensor(new Int32Array([1, -2]));
      assert.deepEqual([...F.stack([ones, ones], 1).dataSync()], [1, 1, -2, -2]);
    });
    assertBadInput(() => F.stack([]), /at least one tensor for stack/);
    assertBadInput(() => F.stack([zeroTensor([2]), zeroTensor([3])]), /shape \(2\) for stack .*\(3\)/);
    assertBadInput(() => F.stack([zeroTensor([2])], 2), /axis from -2 to 1 for stack dim .* 2\./);
    assertBadInput(() => F.stack([zeroTensor([1, 1, 1, 1, 1, 1, 1, 1])]), /at most 8 axes/);
  });
});

describe('maskedFill and outer', () => {
  returnsMemory();

  it('maskedFill stops gradients where the mask, broadcast, is not 0', () => {
    const x = normal([2, 3, 4], generator(1));
    const dy = normal([2, 3, 4], generator(2));
    const mask = ref([3, 1], [0, 1, -5]);
    const hides = (i: number) => mask.data[Math.floor(i / 4) % 3] !== 0;
    checkOp({
      inputs: { x },
      run: (t) => t.x.maskedFill(tensor(Int32Array.from(mask.data), [3, 1]), 7.5),
      y: map(x, (value, i) => (hides(i) ? 7.5 : value)),
      dy,
      gradients: { dx: map(dy, (value, i) => (hides(i) ? 0 : value)) },
    });
  });

  it('maskedFill takes infinities, int32 and what is not finite under the mask', () => {
    scope(() => {
      const mask = tensor(new Int32Array([1, 0]));
      assert.deepEqual([...F.maskedFill(tensor([NaN, 2]), mask, -Infinity).dataSync()], [-Infinity, 2]);
      assert.deepEqual([...F.maskedFill(tensor(new Int32Array([5, -6])), mask, 3).dataSync()], [3, -6]);
      assertBadInput(() => F.maskedFill(tensor(new Int32Array([5, -6])), mask, 0.5), /whole numbers .*0\.5/);
    });
  });

  it('maskedFill refuses masks that do not fit', () => {
    const mask = (...shape: number[]) => zeroTensor(shape, { dtype: 'int32' });
    assertBadInput(() => zeroTensor([2, 3]).maskedFill(mask(2), 0), /broadcasts to \(2,3\) .*\(2\)/);
    assertBadInput(() => zeroTensor([3]).maskedFill(mask(1, 3), 0), /broadcasts to \(3\) .*\(1,3\)/);
    assertBadInput(() => zeroTensor([3]).maskedFill(zeroTensor([3]), 0), /int32 tensor for maskedFill mask/);
  });

  it('outer multiplies each with each', () => {
    const [a, b] = [normal([7], generator(3)), normal([5], generator(4))];
    const dy = normal([7, 5], generator(5));
    const sum = (size: number, other: Ref, at: (i: number, j: number) => number): Ref =>
      ref(
        [size],
        Float64Array.from({ length: size }, (_, i) => other.data.reduce((s, v, j) => s + v * dy.data[at(i, j)], 0)),
      );
    checkOp({
      inputs: { a, b },
      run: (t) => t.a.outer(t.b),
      y: rearrange(
        reshape(
          map(dy, (_, i) => a.data[Math.floor(i / 5)] * b.data[i % 5]),
          [7, 5],
        ),
        [7, 5],
        (...at) => at,
      ),
      dy,
      gradients: { da: sum(7, b, (i, j) => i * 5 + j), db: sum(5, a, (j, i) => i * 5 + j) },
    });
    assertBadInput(() => F.outer(zeroTensor([2, 2]), zeroTensor([2])), /\(M\) of 1 axes for outer a/);
  });
});

describe('arguments of layout ops', () => {
  it('name what is wrong', () => {
    const x = (...shape: number[]) => zeroTensor(shape);
    assertBadInput(() => x(2, 3).reshape([4, -1]), /6 elements for reshape/);
    assertBadInput(() => x(2, 3).reshape([-1, -1]), /6 elements for reshape/);
    assertBadInput(() => x(2, 3).squeeze(2), /axis from -2 to 1 for squeeze dim/);
    assertBadInput(() => x(2, 3).unsqueeze(3), /axis from -3 to 2 for unsqueeze dim/);
    assertBadInput(() => x(2, 3).flatten(1, 0), /not before startDim for flatten endDim/);
    assertBadInput(() => x(2, 6).unflatten(1, [4, 2]), /6 elements for unflatten/);
    assertBadInput(() => x(2, 3).narrow(1, 1, 3), /from 0 to 2 for narrow length .* 3\./);
    assertBadInput(() => x(2, 3).select(1, 3), /from -3 to 2 for select index .* 3\./);
    assertBadInput(() => x(2, 3).movedim([0, 1], 0), /as many axes as source for movedim destination/);
    assertBadInput(() => x(2, 3).movedim([0, 0], [0, 1]), /each axis once for movedim source/);
    assertBadInput(() => x(2, 3).flip([0, -2]), /each axis once for flip dims/);
    assertBadInput(() => x(2, 3).roll([1, 2], 0), /a number for each axis for roll shifts/);
    assertBadInput(() => x(2, 3).roll([1, 2]), /one number for roll shifts/);
    assertBadInput(() => x(2, 3).expand([2, 4]), /sizes that \(2,3\) expands to for expand .*\[2, 4\]/);
    assertBadInput(() => x(2, 3).expand([3]), /for expand/);
    assertBadInput(() => x(3).expand([-1, 3]), /a size in expand .*-1\./);
    assertBadInput(() => x(2, 3).repeat([2]), /at least 2 numbers for repeat repeats/);
    assertBadInput(() => x(2).repeatInterleave(-1), /repeatInterleave repeats .*-1\./);
    assertBadInput(() => x(2, 2).diagonal({ dim1: 1 }), /another axis than dim1 for diagonal dim2/);
    assertBadInput(() => x(2).tril(), /at least 2 axes for tril input/);
    assertBadInput(() => x(2, 2).triu(0.5), /triu diagonal .*0\.5/);
  });
});
