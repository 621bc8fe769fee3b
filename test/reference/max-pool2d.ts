import { type Ref, zeros } from './array.js';

/** A window of max pooling; pairs are (height, width). */
export interface PoolWindow {
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
}

/** Where in x (N,C,H,W) the largest element of each window lies, the first of equals; and the result's shape. */
function winners(x: Ref, { kernel, stride, padding }: PoolWindow): { shape: number[]; at: number[] } {
  const [N, C, H, W] = x.shape;
  const OH = Math.floor((H + 2 * padding[0] - kernel[0]) / stride[0]) + 1;
  const OW = Math.floor((W + 2 * padding[1] - kernel[1]) / stride[1]) + 1;
  const at: number[] = [];
  for (let plane = 0; plane < N * C; plane++) {
    for (let i = 0; i < OH * OW; i++) {
      const [oh, ow] = [Math.floor(i / OW), i % OW];
      let best = -1;
      for (let k = 0; k < kernel[0] * kernel[1]; k++) {
        const h = oh * stride[0] - padding[0] + Math.floor(k / kernel[1]);
        const w = ow * stride[1] - padding[1] + (k % kernel[1]);
        if (h < 0 || h >= H || w < 0 || w >= W) continue;
        const here = (plane * H + h) * W + w;
        if (best < 0 || x.data[here] > x.data[best]) best = here;
      }
      at.push(best);
    }
  }
  return { shape: [N, C, OH, OW], at };
}

/** The largest element of each window of x (N,C,H,W), as F.max_pool2d. */
export function maxPool2d(x: Ref, window: PoolWindow): Ref {
  const { shape, at } = winners(x, window);
  return { shape, data: Float64Array.from(at, (i) => x.data[i]) };
}

/** The gradient of {@link maxPool2d}. */
export function maxPool2dBackward(dy: Ref, x: Ref, window: PoolWindow): { dx: Ref } {
  const dx = zeros(x.shape);
  winners(x, window).at.forEach((i, o) => {
    dx.data[i] += dy.data[o];
  });
  return { dx };
}
