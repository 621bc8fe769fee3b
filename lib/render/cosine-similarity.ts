import { Turns } from '../turns.js';

/**
 * The cosine similarity of every row of a matrix to every other, in turns of the event loop: 576 patches of width 768 take
 * an eighth of a second.
 *
 * @param rows row-major, `count` rows of `width`; a row of zeros is similar to nothing (0)
 */
export async function cosineSimilarity(rows: ArrayLike<number>, count: number, width: number): Promise<number[][]> {
  const turns = new Turns();
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += rows[i * width + k] * rows[j * width + k];
    return sum;
  };
  const norms = Array.from({ length: count }, (_, i) => Math.sqrt(dot(i, i)));
  const similarity = norms.map(() => new Array<number>(count).fill(0));
  for (const [i, a] of norms.entries()) {
    for (let j = i; j < count; j++) {
      const product = a * norms[j];
      if (product === 0) continue;
      similarity[i][j] = dot(i, j) / product;
      similarity[j][i] = similarity[i][j];
    }
    await turns.pass();
  }
  return similarity;
}
