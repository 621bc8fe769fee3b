import { type Ref, zeros } from './array.js';

/** How images are resized. */
export interface Resizing {
  size: [number, number];
  mode: 'nearest' | 'bilinear';
  alignCorners: boolean;
}

/** What of an axis a result is made of: elements and their shares. */
function tapsOf(from: number, to: number, { mode, alignCorners }: Resizing): [at: number, share: number][][] {
  return Array.from({ length: to }, (_, i) => {
    if (mode === 'nearest') return [[Math.floor((i * from) / to), 1]];
    const corners = to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    const at = Math.max(0, alignCorners ? corners : ((i + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(at), from - 1);
    const high = Math.min(low + 1, from - 1);
    return [
      [low, 1 - (at - low)],
      [high, at - low],
    ];
  });
}

/** Calls `visit` for each result, each element that it is made of, and that one's share. */
function walk(shape: readonly number[], resizing: Resizing, visit: (to: number, from: number, share: number) => void) {
  const [N, C, H, W] = shape;
  const [OH, OW] = resizing.size;
  const [down, across] = [tapsOf(H, OH, resizing), tapsOf(W, OW, resizing)];
  for (let plane = 0; plane < N * C; plane++) {
    for (let i = 0; i < OH * OW; i++) {
      for (const [h, a] of down[Math.floor(i / OW)]) {
        for (const [w, b] of across[i % OW]) visit(plane * OH * OW + i, (plane * H + h) * W + w, a * b);
      }
    }
  }
}

/** x (N,C,H,W) at another size, as F.interpolate. */
export function interpolate(x: Ref, resizing: Resizing): Ref {
  const y = zeros([x.shape[0], x.shape[1], ...resizing.size]);
  walk(x.shape, resizing, (to, from, share) => {
    y.data[to] += share * x.data[from];
  });
  return y;
}

/** The gradient of {@link interpolate}. */
export function interpolateBackward(dy: Ref, x: Ref, resizing: Resizing): { dx: Ref } {
  const dx = zeros(x.shape);
  walk(x.shape, resizing, (to, from, share) => {
    dx.data[from] += share * dy.data[to];
  });
  return { dx };
}
