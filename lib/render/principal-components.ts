import { noGrad } from '../autograd.js';
import { tensor } from '../ops/creation.js';
import { add, mul } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { mean } from '../ops/reduce.js';
import { reshape } from '../ops/reshape.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

// Directions followed beyond those asked for, so that the last of them settle too.
const SPARE = 8;
const ITERATIONS = 40;

/**
 * The directions in which the rows of a matrix differ most, by subspace iteration with a Rayleigh-Ritz step.
 *
 * @param x (N, ...); the other axes are taken as one, of width W
 * @param count of directions, at most min(N, W)
 * @returns unit vectors (W), the first with the greatest variance; each's largest element is positive
 * @see Golub and Van Loan, Matrix Computations, 8.2.4 and 8.3
 */
export async function principalComponents(x: Tensor, count: number): Promise<Float64Array[]> {
  const [rows, ...rest] = x.shape as [number, ...number[]]; // at least two axes
  const width = rest.reduce((product, size) => product * size, 1);
  const covariance = noGrad(() =>
    scope(() => {
      const flat = reshape(x, [rows, width]);
      const centred = add(flat, mul(mean(flat, { dim: 0 }), -1));
      return matmul(centred, centred, { transposeA: true }); // (W,W), but for a factor
    }),
  );
  try {
    const wanted = Math.min(count + SPARE, width);
    let basis = orthonormal(Array.from({ length: wanted }, (_, i) => startVector(i, width)));
    for (let i = 0; i < ITERATIONS; i++) basis = orthonormal(await times(covariance, basis));
    const images = await times(covariance, basis);
    const { vectors, values } = eigenvectors(basis.map((a) => images.map((b) => dot(a, b))));
    const order = [...values.keys()].sort((i, j) => (values[j] ?? 0) - (values[i] ?? 0));
    return order.slice(0, count).map((i) =>
      upright(
        combine(
          basis,
          vectors.map((row) => row[i] ?? 0),
        ),
      ),
    );
  } finally {
    covariance.dispose();
  }
}

/** Numbers without a pattern, the same each time. */
function startVector(i: number, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, j) => Math.sin((i + 1) * 12.9898 + (j + 1) * 78.233 * (i + 2)));
}

/** A symmetric matrix (W,W) times each of some vectors. */
async function times(matrix: Tensor, vectors: readonly Float64Array[]): Promise<Float64Array[]> {
  const width = matrix.shape[0];
  const packed = new Float32Array(vectors.length * width);
  for (const [i, vector] of vectors.entries()) packed.set(vector, i * width);
  const product = noGrad(() => scope(() => matmul(tensor(packed, [vectors.length, width]), matrix)));
  const values = await product.data();
  product.dispose();
  return vectors.map((_, i) => Float64Array.from(values.subarray(i * width, (i + 1) * width)));
}

/** Gram and Schmidt's method, twice over, for what rounding leaves. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const [i, vector] of vectors.entries()) {
    let rest = vector;
    // A vector that has nothing of its own left (the matrix may be of low rank) begins anew.
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = Math.sqrt(dot(rest, rest));
      for (let pass = 0; pass < 2; pass++) {
        for (const other of done) rest = plus(rest, other, -dot(rest, other));
      }
      const length = Math.sqrt(dot(rest, rest));
      if (length > 1e-10 * before) {
        done.push(rest.map((value) => value / length));
        break;
      }
      rest = startVector(i + (attempt + 1) * vectors.length, vector.length);
    }
  }
  return done;
}

/** Jacobi's method for a small symmetric matrix: column i of `vectors` belongs to value i. */
function eigenvectors(matrix: readonly (readonly number[])[]): { vectors: number[][]; values: number[] } {
  const a = matrix.map((row) => Float64Array.from(row));
  const v = matrix.map((_, i) => matrix.map((_row, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < a.length; p++) {
      for (let q = p + 1; q < a.length; q++) rotate(a, v, p, q);
    }
  }
  return { vectors: v, values: a.map((row, i) => row[i] ?? 0) };
}

/** Turns axes p and q so that element (p,q) becomes 0. */
function rotate(a: readonly Float64Array[], v: readonly number[][], p: number, q: number): void {
  const [rowP, rowQ] = [a[p], a[q]];
  const [app, aqq, apq] = [rowP[p] ?? 0, rowQ[q] ?? 0, rowP[q] ?? 0];
  if (Math.abs(apq) <= 1e-15 * Math.sqrt(Math.abs(app * aqq))) return;
  const theta = (aqq - app) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const turn = (row: Float64Array | number[]): void => {
    const [x, y] = [row[p] ?? 0, row[q] ?? 0];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  };
  for (const row of a) turn(row);
  for (let k = 0; k < rowP.length; k++) {
    const [x, y] = [rowP[k] ?? 0, rowQ[k] ?? 0];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
  for (const row of v) turn(row);
}

function combine(vectors: readonly Float64Array[], weights: readonly number[]): Float64Array {
  return vectors.reduce(
    (sum, vector, i) => plus(sum, vector, weights[i] ?? 0),
    new Float64Array(vectors[0]?.length ?? 0),
  );
}

/** The vector or its negative, whichever has its largest element positive. */
function upright(vector: Float64Array): Float64Array {
  const largest = vector.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

function plus(a: Float64Array, b: Float64Array, factor: number): Float64Array {
  const sum = new Float64Array(a);
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (b[i] ?? 0);
  return sum;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
