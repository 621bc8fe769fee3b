import { type Ref, sizeOf, zeros } from './array.js';

/** For each element of the tiled array, the flat index of the element of `shape` it repeats, aligned at the right. */
function tiling(shape: readonly number[], repeats: readonly number[]): { tiled: number[]; index: Int32Array } {
  const rank = Math.max(shape.length, repeats.length);
  const padded = [...Array<number>(rank - shape.length).fill(1), ...shape];
  const times = [...Array<number>(rank - repeats.length).fill(1), ...repeats];
  const tiled = padded.map((size, i) => size * times[i]);
  const index = new Int32Array(sizeOf(tiled)).map((_, flat) => {
    let at = 0;
    let stride = 1;
    let rest = flat;
    for (let i = rank - 1; i >= 0; i--) {
      const position = rest % tiled[i];
      rest = (rest - position) / tiled[i];
      at += (position % padded[i]) * stride;
      stride *= padded[i];
    }
    return at;
  });
  return { tiled, index };
}

/** x repeated along each dimension, as torch.tile. */
export function tile(x: Ref, repeats: readonly number[]): Ref {
  const { tiled, index } = tiling(x.shape, repeats);
  const y = zeros(tiled);
  for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[index[i]];
  return y;
}

/** dy summed over the repetitions. */
export function tileBackward(dy: Ref, shape: readonly number[], repeats: readonly number[]): Ref {
  const { index } = tiling(shape, repeats);
  const dx = zeros(shape);
  for (let i = 0; i < dy.data.length; i++) dx.data[index[i]] += dy.data[i];
  return dx;
}
