import { F, zeros as zeroTensor } from '../../lib/index.js';
import { assertBadInput, checkOp, LONG_SUM, returnsMemory } from '../native-op.js';
import { add } from '../reference/add.js';
import { type MatmulOptions, matmul, matmulBackward } from '../reference/matmul.js';
import { generator, normal } from '../reference/random.js';

const TRANSPOSES = [
  {},
  { transposeA: true },
  { transposeB: true },
  { transposeA: true, transposeB: true },
] satisfies MatmulOptions[];

/** Shapes before transposing. */
function check(shapeA: number[], shapeB: number[], options: MatmulOptions, bound?: number): void {
  const random = generator(1);
  const turned = (shape: number[], turn = false): number[] =>
    turn ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape;
  const a = normal(turned(shapeA, options.transposeA), random);
  const b = normal(turned(shapeB, options.transposeB), random);
  const y = matmul(a, b, options);
  const dy = normal(y.shape, random);
  checkOp({
    inputs: { a, b },
    run: (t) => F.matmul(t.a, t.b, options),
    y,
    dy,
    gradients: matmulBackward(dy, a, b, options),
    ...(bound && { bound }),
  });
}

describe('matmul', () => {
  returnsMemory();

  for (const options of TRANSPOSES) {
    const how = JSON.stringify(options);
    for (const [m, k, n] of [
      [1, 1, 1],
      [1, 197, 1],
      [7, 1, 17],
      [17, 7, 1],
      [197, 17, 7],
      [7, 197, 17],
      // Large enough for BLAS, and for more than one tile.
      [67, 65, 197],
      [131, 31, 259],
      // Factors that may be packed, though they could be read in place.
      [301, 35, 264],
    ]) {
      it(`multiplies (${m},${k}) by (${k},${n}) with ${how}`, () => check([m, k], [k, n], options));
    }

    for (const [left, right] of [
      [[3], [3]],
      [[3], []],
      [[], [3]],
      [[3], [1]],
      [[1], [3]],
      [[2, 3], [3]],
      [[3], [2, 3]],
      [
        [2, 1],
        [1, 3],
      ],
      [
        [2, 1, 2],
        [2, 3, 1],
      ],
      [[0], [0]],
      [[0], [1]],
      [[0], []],
    ]) {
      it(`broadcasts the batches (${left}) and (${right}) with ${how}`, () =>
        check([...left, 7, 17], [...right, 17, 5], options));
    }

    it(`multiplies batches that BLAS takes with ${how}`, () => check([3, 33, 31], [3, 31, 35], options));
    it(`multiplies more batches than there are threads with ${how}`, () => check([19, 33, 67], [19, 67, 70], options));
    it(`shares one large matrix among a batch with ${how}`, () => {
      check([3, 33, 31], [31, 35], options);
      check([3, 101, 35], [35, 264], options);
      check([101, 35], [3, 35, 264], options);
    });

    for (const [m, k, n] of [
      [0, 7, 5],
      [7, 5, 0],
    ]) {
      it(`gives nothing for (${m},${k}) by (${k},${n}) with ${how}`, () => check([m, k], [k, n], options));
    }

    it(`gives zeros for an empty sum with ${how}`, () => check([3, 0], [0, 5], options));
    it(`sums 1,500 products with ${how}`, () => check([7, 1500], [1500, 3], options, LONG_SUM));
  }

  it('takes one tensor twice', () => {
    const x = normal([2, 17, 17], generator(2));
    const dy = normal([2, 17, 17], generator(3));
    const { da, db } = matmulBackward(dy, x, x);
    checkOp({ inputs: { x }, run: (t) => F.matmul(t.x, t.x), y: matmul(x, x), dy, gradients: { dx: add(da, db) } });
  });

  it('takes one tensor twice, once transposed', () => {
    const options = { transposeB: true };
    const x = normal([67, 65], generator(2));
    const dy = normal([67, 67], generator(3));
    const { da, db } = matmulBackward(dy, x, x, options);
    const y = matmul(x, x, options);
    checkOp({ inputs: { x }, run: (t) => F.matmul(t.x, t.x, options), y, dy, gradients: { dx: add(da, db) } });
  });

  it('refuses other ranks, inner sizes and batches', () => {
    assertBadInput(() => F.matmul(zeroTensor([3]), zeroTensor([3, 2])), /\(\.\.\.,M,K\) of at least 2 axes .*\(3\)/);
    assertBadInput(() => F.matmul(zeroTensor([2, 3]), zeroTensor([3])), /\(\.\.\.,K,N\) of at least 2 axes .*\(3\)/);
    assertBadInput(() => F.matmul(zeroTensor([2, 3]), zeroTensor([2, 3])), /inner sizes .*3 and 2, of \(2,3\)/);
    assertBadInput(
      () => F.matmul(zeroTensor([2, 3]), zeroTensor([2, 3]), { transposeA: true, transposeB: true }),
      /2 and 3/,
    );
    assertBadInput(() => F.matmul(zeroTensor([2, 4, 3]), zeroTensor([3, 3, 5])), /batches .*\(2\) and \(3\)/);
  });
});
