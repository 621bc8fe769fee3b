import { type Ref, rowsOf, zeros } from './array.js';

/** exp(x) / sum(exp(x)) over the last dimension. */
export function softmax(x: Ref): Ref {
  const { rows, width } = rowsOf(x);
  const y = zeros(x.shape);
  for (let r = 0; r < rows; r++) {
    const row = x.data.subarray(r * width, (r + 1) * width);
    const { largest, total } = expSum(row);
    for (let c = 0; c < width; c++) y.data[r * width + c] = Math.exp(row[c] - largest) / total;
  }
  return y;
}

/** dx = y (dy - sum(dy y)), from the forward's y. */
export function softmaxBackward(dy: Ref, y: Ref): Ref {
  const { rows, width } = rowsOf(y);
  const dx = zeros(y.shape);
  for (let r = 0; r < rows; r++) {
    let dot = 0;
    for (let i = r * width; i < (r + 1) * width; i++) dot += dy.data[i] * y.data[i];
    for (let i = r * width; i < (r + 1) * width; i++) dx.data[i] = y.data[i] * (dy.data[i] - dot);
  }
  return dx;
}

/** The largest element of a row, and the sum of exp(x - largest): a softmax free of overflow and of lost digits. */
export function expSum(row: Float64Array): { largest: number; total: number } {
  const largest = row.reduce((m, value) => Math.max(m, value), -Infinity);
  return { largest, total: row.reduce((sum, value) => sum + Math.exp(value - largest), 0) };
}
