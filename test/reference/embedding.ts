import { type Ref, zeros } from './array.js';

/** The rows of weight (V,D) that indices (...) name: (...,D). */
export function embedding(weight: Ref, indices: Ref): Ref {
  const D = weight.shape[1];
  const y = zeros([...indices.shape, D]);
  indices.data.forEach((v, i) => {
    for (let d = 0; d < D; d++) y.data[i * D + d] = weight.data[v * D + d];
  });
  return y;
}

/** dy summed into the rows it was read from; `shape` is weight's. */
export function embeddingBackward(dy: Ref, shape: readonly number[], indices: Ref): Ref {
  const D = shape[1];
  const dweight = zeros(shape);
  indices.data.forEach((v, i) => {
    for (let d = 0; d < D; d++) dweight.data[v * D + d] += dy.data[i * D + d];
  });
  return dweight;
}
