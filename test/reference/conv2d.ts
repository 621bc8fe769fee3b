import { type Ref, zeros } from './array.js';
import { places, reader, type Sliding } from './window.js';

export interface Conv2dOptions extends Sliding {
  groups?: number | undefined;
}

/** The result's shape (N,OC,OH,OW), and a walk over every product: y[yi] is the sum of x[xi] weight[wi]. */
function products(x: Ref, weight: Ref, options: Conv2dOptions) {
  const { groups = 1 } = options;
  const [N, C, H, W] = x.shape;
  const [OC, groupC, kh, kw] = weight.shape;
  if (groupC * groups !== C || OC % groups !== 0) {
    throw new RangeError(`${C} channels in ${groups} groups do not fit a weight of (${weight.shape.join(', ')})`);
  }
  const [OH, OW] = places([H, W], [kh, kw], options);
  const readAt = reader([H, W], options);
  const visitPlace = (
    n: number,
    oc: number,
    oh: number,
    ow: number,
    visit: (yi: number, xi: number, wi: number) => void,
  ) => {
    const yi = ((n * OC + oc) * OH + oh) * OW + ow;
    const firstC = Math.floor(oc / (OC / groups)) * groupC;
    for (let c = 0; c < groupC; c++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const at = readAt(oh, ow, i, j);
          const wi = ((oc * groupC + c) * kh + i) * kw + j;
          if (at >= 0) visit(yi, (n * C + firstC + c) * H * W + at, wi);
        }
      }
    }
  };
  const forEach = (visit: (yi: number, xi: number, wi: number) => void) => {
    for (let n = 0; n < N; n++) {
      for (let oc = 0; oc < OC; oc++) {
        for (let oh = 0; oh < OH; oh++) {
          for (let ow = 0; ow < OW; ow++) visitPlace(n, oc, oh, ow, visit);
        }
      }
    }
  };
  return { shape: [N, OC, OH, OW], forEach };
}

/** Cross-correlation of x (N,C,H,W) with weight (OC,C/groups,kh,kw), plus bias (OC): (N,OC,OH,OW), as F.conv2d. */
export function conv2d(x: Ref, weight: Ref, bias?: Ref | undefined, options: Conv2dOptions = {}): Ref {
  const { shape, forEach } = products(x, weight, options);
  const [, OC, OH, OW] = shape;
  const y = zeros(shape);
  if (bias) for (let i = 0; i < y.data.length; i++) y.data[i] = bias.data[Math.floor(i / (OH * OW)) % OC];
  forEach((yi, xi, wi) => {
    y.data[yi] += x.data[xi] * weight.data[wi];
  });
  return y;
}

/** The gradients of {@link conv2d}; dbias is what a bias would receive. */
export function conv2dBackward(
  dy: Ref,
  x: Ref,
  weight: Ref,
  options: Conv2dOptions = {},
): { dx: Ref; dweight: Ref; dbias: Ref } {
  const { shape, forEach } = products(x, weight, options);
  const [, OC, OH, OW] = shape;
  const dx = zeros(x.shape);
  const dweight = zeros(weight.shape);
  const dbias = zeros([OC]);
  for (let i = 0; i < dy.data.length; i++) dbias.data[Math.floor(i / (OH * OW)) % OC] += dy.data[i];
  forEach((yi, xi, wi) => {
    dx.data[xi] += dy.data[yi] * weight.data[wi];
    dweight.data[wi] += dy.data[yi] * x.data[xi];
  });
  return { dx, dweight, dbias };
}
