import assert from 'node:assert/strict';
import { F, ones, scope, type Tensor, tensor } from '../../lib/index.js';
import { assertBadInput, fromRef, intsFromRef, returnsMemory } from '../native-op.js';
import { type Ref, ref } from '../reference/array.js';
import { binary, COMPARISONS } from '../reference/binary.js';
import { BINARY_INT32, binaryInt32, UNARY_INT32, unaryInt32 } from '../reference/int32.js';
import { generator, integers } from '../reference/random.js';

const LEAST = -(2 ** 31);
const MOST = 2 ** 31 - 1;

/** Small numbers, and those where 32 bits end. */
function drawn(shape: number[], seed: number): Ref {
  const small = integers(shape, generator(seed), 7);
  const edges = [LEAST, LEAST + 1, -65536, -1, 65537, 2 ** 24 + 1, MOST];
  return ref(
    shape,
    small.data.map((value, i) => (i % 3 === 0 ? (edges[value] ?? 0) : value - 3)),
  );
}

function assertInts(actual: Tensor, expected: Ref, what: string): void {
  assert.equal(actual.dtype, 'int32');
  assert.deepEqual([...actual.shape], expected.shape, what);
  // + 0: an integer has no -0.
  assert.deepEqual(
    [...actual.dataSync()],
    [...expected.data].map((value) => value + 0),
    what,
  );
}

const SHAPES: [number[], number[]][] = [
  [[], []],
  [[197], [197]],
  [[5, 17], [17]],
  [
    [7, 1],
    [1, 9],
  ],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [[0, 3], [3]],
];

describe('int32', () => {
  returnsMemory();

  for (const name of Object.keys(BINARY_INT32) as (keyof typeof BINARY_INT32)[]) {
    it(`${name} is exact, and wraps around`, () => {
      for (const [shapeA, shapeB] of SHAPES) {
        const [a, b] = [drawn(shapeA, 1), drawn(shapeB, 2)];
        scope(() => assertInts(F[name](intsFromRef(a), intsFromRef(b)), binaryInt32(name, a, b), name));
        scope(() => assertInts(F[name](intsFromRef(a), -3), binaryInt32(name, a, ref([], [-3])), `${name} -3`));
      }
    });
  }

  for (const name of Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[]) {
    it(`${name} is exact where float32 is not`, () => {
      const holds = { forward: (x: number, y: number) => Number(COMPARISONS[name](x, y)) };
      for (const [shapeA, shapeB] of SHAPES) {
        const [a, b] = [drawn(shapeA, 3), drawn(shapeB, 3)];
        scope(() => assertInts(F[name](intsFromRef(a), intsFromRef(b)), binary(holds, a, b), name));
      }
      const [a, b] = [ref([3], [2 ** 24, 2 ** 24 + 1, MOST]), ref([], [2 ** 24 + 1])];
      scope(() => assertInts(F[name](intsFromRef(a), 2 ** 24 + 1), binary(holds, a, b), `${name} a number`));
    });
  }

  for (const name of Object.keys(UNARY_INT32) as (keyof typeof UNARY_INT32)[]) {
    it(`${name} is exact`, () => {
      const x = drawn([99], 4);
      scope(() => assertInts(F[name](intsFromRef(x)), unaryInt32(name, x), name));
    });
  }

  it('clamp holds between whole bounds, either or both', () => {
    scope(() => {
      const x = tensor(Int32Array.of(LEAST, -2, 0, 5, MOST));
      assert.deepEqual(x.clamp({ min: -1, max: 3 }).dataSync(), Int32Array.of(-1, -1, 0, 3, 3));
      assert.deepEqual(x.clamp({ max: 3 }).dataSync(), Int32Array.of(LEAST, -2, 0, 3, 3));
      assert.deepEqual(x.clamp({ min: -1 }).dataSync(), Int32Array.of(-1, -1, 0, 5, MOST));
      assert.deepEqual(x.clamp({ max: 0.5 }).dataSync(), Float32Array.of(LEAST, -2, 0, 0.5, 0.5));
    });
  });

  it('beside float32, or a number that is not whole, is float32, as PyTorch promotes', () => {
    scope(() => {
      const [i, f] = [tensor(Int32Array.of(1, 2, 3)), tensor([0.5, 1.5, 2.5])];
      assert.deepEqual(i.add(f).dataSync(), Float32Array.of(1.5, 3.5, 5.5));
      assert.deepEqual(f.sub(i).dataSync(), Float32Array.of(-0.5, -0.5, -0.5));
      assert.deepEqual(i.mul(0.5).dataSync(), Float32Array.of(0.5, 1, 1.5));
      assert.deepEqual(i.add(0.5).dataSync(), Float32Array.of(1.5, 2.5, 3.5));
      assert.deepEqual(i.div(2).dataSync(), Float32Array.of(0.5, 1, 1.5));
      assert.deepEqual(i.div(i).dataSync(), Float32Array.of(1, 1, 1));
      assert.deepEqual(i.gt(f).dataSync(), Int32Array.of(1, 1, 1));
      assert.deepEqual(i.le(1.5).dataSync(), Int32Array.of(1, 0, 0));
      assert.deepEqual(F.pow(f, i).dataSync()[1], 2.25);
    });
  });

  it('passes the gradient of float32 beside it', () => {
    scope(() => {
      const [i, f] = [tensor(Int32Array.of(1, 2, 3)), tensor([0.5, 1.5, 2.5], [3], { requiresGrad: true })];
      F.mul(i, f).backward(ones([3]));
      assert.deepEqual(f.grad?.dataSync(), Float32Array.of(1, 2, 3));
    });
  });

  it('is chosen by where, and is float32 beside float32', () => {
    scope(() => {
      const i = tensor(Int32Array.of(2 ** 24 + 1, 2, 3));
      const odd = tensor(Int32Array.of(1, 0, 1));
      assert.deepEqual(F.where(odd, i, 0).dataSync(), Int32Array.of(2 ** 24 + 1, 0, 3));
      assert.deepEqual(F.where(odd, i, i.neg()).dataSync(), Int32Array.of(2 ** 24 + 1, -2, 3));
      assert.deepEqual(F.where(odd, i, -Infinity).dataSync(), Float32Array.of(2 ** 24, -Infinity, 3));
      assert.deepEqual(F.where(odd, 1, 0).dataSync(), Float32Array.of(1, 0, 1));
    });
  });

  it('is refused where a function is of floats alone, and numbers that 32 bits do not hold', () => {
    const i = (): Tensor => tensor(Int32Array.of(1));
    assertBadInput(() => F.exp(i()), /a float32 tensor for exp input/);
    assertBadInput(() => F.pow(i(), 2), /a float32 tensor for pow/);
    assertBadInput(() => F.pow(i(), i()), /a float32 tensor for pow/);
    assertBadInput(() => F.xlogy(i(), i()), /a float32 tensor for xlogy/);
    assertBadInput(() => F.add(i(), 2 ** 31), /whole numbers of 32 bits .*2147483648/);
  });
});

describe('to', () => {
  returnsMemory();

  it('int32 leaves out what is after the point, and stays in range', () => {
    scope(() => {
      const x = tensor([1.9, -1.9, -0, 0.999, 2 ** 24 + 2, 3e9, -3e9, Infinity, -Infinity, NaN, 1e-40]);
      const expected = [1, -1, 0, 0, 2 ** 24 + 2, MOST, LEAST, MOST, LEAST, 0, 0];
      assert.deepEqual([...x.to('int32').dataSync()], expected);
    });
  });

  it('float32 rounds to the nearest', () => {
    scope(() => {
      const x = drawn([197], 5);
      assert.deepEqual(
        [...intsFromRef(x).to('float32').dataSync()],
        [...x.data].map(Math.fround).map((v) => v + 0),
      );
    });
  });

  it('its own dtype shares memory and passes the gradient', () => {
    scope(() => {
      const x = tensor([1, 2], [2], { requiresGrad: true });
      const y = x.to('float32');
      y.mul(3).backward(ones([2]));
      assert.deepEqual(x.grad?.dataSync(), Float32Array.of(3, 3));
      x.set([7, 8]);
      assert.deepEqual(y.dataSync(), Float32Array.of(7, 8));
    });
  });

  it('refuses another dtype', () => {
    assertBadInput(
      () => ones([1]).to('int64' as 'int32'),
      /one of 'float32', 'int32', 'bfloat16' for to dtype .*'int64'/,
    );
  });
});

describe('clone and tolist', () => {
  returnsMemory();

  it('a clone has memory of its own, and passes the gradient', () => {
    scope(() => {
      const x = tensor([1, 2], [2], { requiresGrad: true });
      const y = F.clone(x);
      x.set([5, 6]);
      assert.deepEqual(y.dataSync(), Float32Array.of(1, 2));
      y.mul(y).backward(ones([2]));
      assert.deepEqual(x.grad?.dataSync(), Float32Array.of(2, 4));
      assert.deepEqual(
        tensor(Int32Array.of(2 ** 24 + 1))
          .clone()
          .dataSync(),
        Int32Array.of(2 ** 24 + 1),
      );
    });
  });

  it('a list is nested as the shape is, and a number without axes', async () => {
    const x = tensor(Int32Array.of(1, 2, 3, 4, 5, 6), [2, 1, 3]);
    const scalar = fromRef(ref([], [0.5]));
    const empty = fromRef(ref([2, 0], []));
    try {
      assert.deepEqual(await x.tolist(), [[[1, 2, 3]], [[4, 5, 6]]]);
      assert.equal(scalar.tolistSync(), 0.5);
      assert.deepEqual(empty.tolistSync(), [[], []]);
    } finally {
      for (const made of [x, scalar, empty]) made.dispose();
    }
  });
});
