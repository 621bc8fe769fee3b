import { checkDim, checkInteger, expected } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Tensor } from '../tensor.js';
import { runBinary } from './binary.js';
import { checkTensor } from './check-tensor.js';
import { constant } from './constant.js';
import { maskedFill } from './masked-fill.js';
import { takeView, wholeOf } from './view.js';

/** What is here is a function of `F` and a method of `Tensor` (lib/methods.ts) at once: parts of matrices. */

/** Options of `diagonal`. */
export interface DiagonalOptions {
  /** How far above the main diagonal it lies; below it when negative. Default 0. */
  offset?: number;
  /** The axes of the matrices' rows and columns, counted from the end when negative. Default 0 and 1. */
  dim1?: number;
  /** The second of the two axes. Default 1. */
  dim2?: number;
}

const NAMES: OptionNames<DiagonalOptions> = { offset: true, dim1: true, dim2: true };

/**
 * A diagonal of the matrices that two axes make, as a last axis in their place; copied.
 *
 * @throws TypeError for fewer than two axes, or the same one twice
 * @see `torch.diagonal`
 */
export function diagonal<T extends Tensor>(x: T, options: DiagonalOptions = {}): T {
  checkOptions(options, NAMES, 'diagonal');
  checkTensor(x, 'diagonal input', { dtype: x?.dtype, minRank: 2 });
  const above = checkInteger(options.offset ?? 0, 'diagonal offset', Number.MIN_SAFE_INTEGER);
  const rows = checkDim(options.dim1 ?? 0, x.rank, 'diagonal dim1');
  const columns = checkDim(options.dim2 ?? 1, x.rank, 'diagonal dim2');
  if (rows === columns) throw expected('another axis than dim1', 'diagonal dim2', options.dim2 ?? 1);
  const { shape, strides } = wholeOf(x);
  const at = (sizes: readonly number[], axis: number): number => sizes[axis]; // axes were checked
  const [down, right] = [Math.max(0, -above), Math.max(0, above)];
  const length = Math.max(0, Math.min(at(shape, rows) - down, at(shape, columns) - right));
  const others = (sizes: readonly number[]): number[] => sizes.filter((_, axis) => axis !== rows && axis !== columns);
  return takeView('diagonal', x, {
    shape: [...others(shape), length],
    strides: [...others(strides), at(strides, rows) + at(strides, columns)],
    offset: length === 0 ? 0 : down * at(strides, rows) + right * at(strides, columns),
  });
}

/**
 * The lower triangle of matrices, zeros elsewhere.
 *
 * @param x (...,R,C)
 * @param offset how far above the main diagonal it ends; below it when negative. Default 0.
 * @throws TypeError for fewer than two axes
 * @see `torch.tril`
 */
export function tril<T extends Tensor>(x: T, offset = 0): T {
  return triangle('tril', x, offset);
}

/**
 * The upper triangle of matrices, zeros elsewhere.
 *
 * @param x (...,R,C)
 * @param offset how far above the main diagonal it begins; below it when negative. Default 0.
 * @throws TypeError for fewer than two axes
 * @see `torch.triu`
 */
export function triu<T extends Tensor>(x: T, offset = 0): T {
  return triangle('triu', x, offset);
}

function triangle<T extends Tensor>(name: 'tril' | 'triu', x: T, offset: number): T {
  checkTensor(x, `${name} input`, { dtype: x?.dtype, minRank: 2, letters: '(...,R,C)' });
  const above = checkInteger(offset, `${name} diagonal`, Number.MIN_SAFE_INTEGER);
  const [rows, columns] = x.shape.slice(-2) as [number, number]; // two axes at least
  const diagonal = constant(
    Float32Array.from({ length: rows }, (_, row) => row + above),
    [rows, 1],
  );
  const column = constant(
    Float32Array.from({ length: columns }, (_, at) => at),
    [1, columns],
  );
  const outside = runBinary(name === 'tril' ? 'gt' : 'lt', column, diagonal, [rows, columns], 'int32');
  diagonal.dispose();
  column.dispose();
  const y = maskedFill(x, outside, 0);
  outside.dispose();
  return y;
}
