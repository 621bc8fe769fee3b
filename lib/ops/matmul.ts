import { record } from '../autograd.js';
import { checkBoolean, checkOneOf, expected, shapeText, sizeOf, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { currentPrecision } from '../precision.js';
import { empty, type Tensor } from '../tensor.js';
import { promoted } from './binary.js';
import { broadcastShape } from './broadcast.js';
import { checkTensor } from './check-tensor.js';
import { tile } from './tile.js';

/** Options of `matmul`: operands read transposed, in place. */
export interface MatmulOptions {
  /** Reads `a` as (..., K, M). Default false. */
  transposeA?: boolean;
  /** Reads `b` as (..., N, K). Default false. */
  transposeB?: boolean;
  /** Of the result: float32 or bfloat16. Default: bfloat16 under `autocast('bf16')` and of two such, else float32. */
  dtype?: 'float32' | 'bfloat16';
}

const OPTIONS: OptionNames<MatmulOptions> = { transposeA: true, transposeB: true, dtype: true };

/**
 * Matrix products over the last two axes; the axes before them are a batch and broadcast.
 *
 * @param a (..., M, K)
 * @param b (..., K, N)
 * @returns (..., M, N)
 * @throws TypeError when K differs or the batches do not broadcast
 * @see `torch.matmul` on tensors of at least two axes
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  checkOptions(options, OPTIONS, 'matmul');
  checkTensor(a, 'matmul a', { minRank: 2, letters: '(...,M,K)' });
  checkTensor(b, 'matmul b', { minRank: 2, letters: '(...,K,N)' });
  const transposeA = checkBoolean(options.transposeA ?? false, 'matmul transposeA');
  const transposeB = checkBoolean(options.transposeB ?? false, 'matmul transposeB');
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number]; // at least two axes
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number]; // at least two axes
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [k2, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== k2) {
    throw expected(
      'equal inner sizes',
      'matmul',
      new Text(`${k} and ${k2}, of ${shapeText(a.shape)} and ${shapeText(b.shape)}`),
    );
  }
  const batchShape = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul batches');
  const batch = sizeOf(batchShape);
  const left = expandBatch(a, batchShape);
  const right = expandBatch(b, batchShape);
  const strideA = batchStride(left, m * k);
  const strideB = batchStride(right, k * n);
  const usual = currentPrecision() === 'bf16' ? 'bfloat16' : promoted(left, right);
  const bf16 = usual === 'bfloat16';
  const dtype = checkOneOf(options.dtype ?? usual, 'matmul dtype', ['float32', 'bfloat16']);
  const y = empty([...batchShape, m, n], dtype);
  const plain = { transposeA, transposeB, accumulate: false, bf16 };
  native.matmul({ c: y, a: left, b: right, batch, m, n, k, strideA, strideB, strideC: m * n, ...plain });
  return record('matmul', y, [left, right], [left, right], (dy, grads, [sa, sb]) => {
    if (grads.wants(0)) {
      const { grad, accumulate } = grads.target(0);
      // op(a) = dy op(b)^T, (m,k); stored transposed, it is the transposed product. A shared operand sums the batch.
      const [x, y, strideX, strideY] = transposeA ? [sb, dy, strideB, m * n] : [dy, sb, m * n, strideB];
      const [rows, columns] = transposeA ? [k, m] : [m, k];
      const [tx, ty] = transposeA ? [transposeB, true] : [false, !transposeB];
      const strides = { strideA: strideX, strideB: strideY, strideC: strideA };
      const read = { transposeA: tx, transposeB: ty, accumulate, bf16 };
      native.matmul({ c: grad, a: x, b: y, batch, m: rows, n: columns, k: n, ...strides, ...read });
    }
    if (grads.wants(1)) {
      const { grad, accumulate } = grads.target(1);
      const [x, y, strideX, strideY] = transposeB ? [dy, sa, m * n, strideA] : [sa, dy, strideA, m * n];
      const [rows, columns] = transposeB ? [n, k] : [k, n];
      const [tx, ty] = transposeB ? [true, transposeA] : [!transposeA, false];
      const strides = { strideA: strideX, strideB: strideY, strideC: strideB };
      const read = { transposeA: tx, transposeB: ty, accumulate, bf16 };
      native.matmul({ c: grad, a: x, b: y, batch, m: rows, n: columns, k: m, ...strides, ...read });
    }
  });
}

/** `x` with the given batch axes: repeated where it broadcasts, unless it is one matrix for all, which is shared. */
function expandBatch(x: Tensor, batchShape: readonly number[]): Tensor {
  const own = x.shape.slice(0, -2);
  if (sizeOf(own) === 1 || sizeOf(own) === sizeOf(batchShape)) return x;
  const ahead = batchShape.length - own.length;
  const repeats = batchShape.map((size, axis) => (axis >= ahead && own[axis - ahead] === size ? 1 : size));
  return tile(x, [...repeats, 1, 1]);
}

function batchStride(x: Tensor, matrix: number): number {
  return x.rank === 2 || sizeOf(x.shape.slice(0, -2)) === 1 ? 0 : matrix;
}
