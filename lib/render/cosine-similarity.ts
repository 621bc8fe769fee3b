/**
 * The cosine similarity of every row of a matrix to every other.
 *
 * @param rows row-major, `count` rows of `width`; a row of zeros is similar to nothing (0)
 */
export function cosineSimilarity(rows: ArrayLike<number>, count: number, width: number): number[][] {
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += (rows[i * width + k] ?? 0) * (rows[j * width + k] ?? 0);
    return sum;
  };
  const norms = Array.from({ length: count }, (_, i) => Math.sqrt(dot(i, i)));
  return norms.map((a, i) => norms.map((b, j) => (a * b === 0 ? 0 : dot(i, j) / (a * b))));
}
