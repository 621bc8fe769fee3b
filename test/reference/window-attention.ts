import { type Ref, ref, zeros } from './array.js';

type Two = readonly [number, number];

/** Sizes of a grid of tokens that is rolled and cut into windows; pairs are (height, width). */
export interface Windows {
  window: Two;
  shift?: Two;
  /** How much of the grid is rolled; by default all. */
  rolled?: Two;
  /** (heads): cosine attention, with these factors. */
  cosine?: Ref;
}

/** Lists of the tokens of every window, and which of Swin's regions each lies in once the grid is rolled. */
function windowsOf([rows, columns]: Two, { window, shift = [0, 0], rolled = [rows, columns] }: Windows) {
  const source = (i: number, axis: 0 | 1) => (i < rolled[axis] ? (i + shift[axis]) % rolled[axis] : i);
  // Slices (0, -window), (-window, -shift), (-shift, end) of the rolled grid, as Swin's img_mask has them.
  const region = (i: number, size: number, axis: 0 | 1) =>
    shift[axis] === 0 ? 0 : i < size - window[axis] ? 0 : i < size - shift[axis] ? 1 : 2;
  const lists: { tokens: number[]; regions: string[] }[] = [];
  for (let top = 0; top < rows; top += window[0]) {
    for (let left = 0; left < columns; left += window[1]) {
      const places = Array.from({ length: window[0] * window[1] }, (_, t) => [
        top + Math.floor(t / window[1]),
        left + (t % window[1]),
      ]);
      lists.push({
        tokens: places.map(([y, x]) => source(y, 0) * columns + source(x, 1)),
        regions: places.map(([y, x]) => `${region(y, rows, 0)},${region(x, columns, 1)}`),
      });
    }
  }
  return lists;
}

/** Swin's relative_position_index: of tokens i and j of a window. */
function entryOf([height, width]: Two, i: number, j: number): number {
  const down = Math.floor(i / width) - Math.floor(j / width) + height - 1;
  return down * (2 * width - 1) + (i % width) - (j % width) + width - 1;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const unit = (x: Float64Array): Float64Array => {
  const length = Math.max(Math.sqrt(dot(x, x)), 1e-12);
  return x.map((value) => value / length);
};

/** y (N,H,W,heads*D), and its gradients for dy: of qkv (N,H,W,3*heads*D), of table (entries,heads), of the factors. */
export function windowAttention(qkv: Ref, table: Ref, windows: Windows, dy?: Ref) {
  const [N, H, W, packed] = qkv.shape;
  const heads = table.shape[1];
  const D = packed / 3 / heads;
  const { window, cosine } = windows;
  const T = window[0] * window[1];
  const [y, dqkv, dtable] = [zeros([N, H, W, heads * D]), zeros(qkv.shape), zeros(table.shape)];
  const dcosine = zeros([heads]);
  for (let n = 0; n < N; n++) {
    for (const { tokens, regions } of windowsOf([H, W], windows)) {
      for (let h = 0; h < heads; h++) {
        const at = (t: number, part: number) => (n * H * W + tokens[t]) * packed + part * heads * D + h * D;
        const rows = (part: number) =>
          Array.from({ length: T }, (_, t) => qkv.data.slice(at(t, part), at(t, part) + D));
        const [q, k, v] = [rows(0), rows(1), rows(2)];
        const [a, b] = cosine ? [q.map(unit), k.map(unit)] : [q, k];
        const factor = cosine ? cosine.data[h] : 1 / Math.sqrt(D);
        const p = a.map((row, i) => {
          const scores = b.map((key, j) => {
            const bias = table.data[entryOf(window, i, j) * heads + h];
            return factor * dot(row, key) + bias + (regions[i] === regions[j] ? 0 : -100);
          });
          const most = Math.max(...scores);
          const powers = scores.map((score) => Math.exp(score - most));
          const total = powers.reduce((sum, value) => sum + value, 0);
          return powers.map((value) => value / total);
        });
        const outAt = (t: number) => (n * H * W + tokens[t]) * heads * D + h * D;
        for (let i = 0; i < T; i++) {
          for (let j = 0; j < T; j++) for (let d = 0; d < D; d++) y.data[outAt(i) + d] += p[i][j] * v[j][d];
        }
        if (dy === undefined) continue;
        const [da, db] = [a.map((row) => row.map(() => 0)), b.map((row) => row.map(() => 0))];
        for (let i = 0; i < T; i++) {
          const gradient = dy.data.slice(outAt(i), outAt(i) + D);
          const dp = v.map((value) => dot(gradient, value));
          const mean = dp.reduce((sum, value, j) => sum + value * p[i][j], 0);
          for (let j = 0; j < T; j++) {
            const ds = p[i][j] * (dp[j] - mean);
            dtable.data[entryOf(window, i, j) * heads + h] += ds;
            dcosine.data[h] += ds * dot(a[i], b[j]);
            for (let d = 0; d < D; d++) {
              da[i][d] += factor * ds * b[j][d];
              db[j][d] += factor * ds * a[i][d];
              dqkv.data[at(j, 2) + d] += p[i][j] * gradient[d];
            }
          }
        }
        const through = (x: Float64Array, u: Float64Array, du: Float64Array): Float64Array => {
          if (!cosine) return du;
          const along = dot(u, du);
          return du.map((value, d) => (value - u[d] * along) / Math.sqrt(dot(x, x)));
        };
        for (let t = 0; t < T; t++) {
          dqkv.data.set(through(q[t], a[t], da[t]), at(t, 0));
          dqkv.data.set(through(k[t], b[t], db[t]), at(t, 1));
        }
      }
    }
  }
  return { y, dqkv, dtable, dcosine: ref([heads], dcosine.data) };
}
