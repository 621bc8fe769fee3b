import { type Ref, requireShape, zeros } from './array.js';
import { type Pair, places, reader, type Sliding } from './window.js';

export interface UnfoldOptions extends Sliding {
  kernelSize: Pair;
}

/** Calls `visit` with every element of the columns (N,C*kh*kw,L) and the image element (N,C,H,W) it is a copy of. */
function forEachCopy(
  shape: readonly number[],
  options: UnfoldOptions,
  visit: (column: number, pixel: number) => void,
): void {
  const [N, C, H, W] = shape;
  const [kh, kw] = options.kernelSize;
  const [OH, OW] = places([H, W], [kh, kw], options);
  const readAt = reader([H, W], options);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          for (let oh = 0; oh < OH; oh++) {
            for (let ow = 0; ow < OW; ow++) {
              const at = readAt(oh, ow, i, j);
              const row = ((n * C + c) * kh + i) * kw + j;
              if (at >= 0) visit((row * OH + oh) * OW + ow, (n * C + c) * H * W + at);
            }
          }
        }
      }
    }
  }
}

function columnsShape([N, C, H, W]: readonly number[], options: UnfoldOptions): number[] {
  const [kh, kw] = options.kernelSize;
  const [OH, OW] = places([H, W], [kh, kw], options);
  return [N, C * kh * kw, OH * OW];
}

/** The patches of x (N,C,H,W) as columns (N,C*kh*kw,L), as F.unfold. */
export function unfold(x: Ref, options: UnfoldOptions): Ref {
  const y = zeros(columnsShape(x.shape, options));
  forEachCopy(x.shape, options, (column, pixel) => {
    y.data[column] = x.data[pixel];
  });
  return y;
}

/** Unfold's gradient: columns (N,C*kh*kw,L) summed back into an image of `shape` (N,C,H,W). */
export function unfoldBackward(dy: Ref, shape: readonly number[], options: UnfoldOptions): Ref {
  requireShape('dy', dy, columnsShape(shape, options));
  const dx = zeros(shape);
  forEachCopy(shape, options, (column, pixel) => {
    dx.data[pixel] += dy.data[column];
  });
  return dx;
}

/** Columns (N,C*kh*kw,L) summed where they overlap in an image (N,C,*outputSize), as F.fold. */
export function fold(x: Ref, outputSize: Pair, options: UnfoldOptions): Ref {
  const [kh, kw] = options.kernelSize;
  return unfoldBackward(x, [x.shape[0], x.shape[1] / (kh * kw), ...outputSize], options);
}

/** Fold's gradient reads each column back from where it was summed. */
export function foldBackward(dy: Ref, options: UnfoldOptions): Ref {
  return unfold(dy, options);
}
