/** Height, then width. */
export type Pair = readonly [number, number];

/** How a kernel slides over an image; the defaults are PyTorch's. */
export interface Sliding {
  dilation?: Pair | undefined;
  padding?: Pair | undefined;
  stride?: Pair | undefined;
}

/** How many places a kernel of `kernel` (height, width) takes on an image of `size`; throws where there is none. */
export function places(
  size: Pair,
  kernel: Pair,
  { dilation = [1, 1], padding = [0, 0], stride = [1, 1] }: Sliding,
): Pair {
  const along = (axis: 0 | 1) => {
    const room = size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
    if (room < 0) throw new RangeError(`A kernel of ${kernel.join('x')} does not fit an image of ${size.join('x')}`);
    return Math.floor(room / stride[axis]) + 1;
  };
  return [along(0), along(1)];
}

/** Where kernel element (i, j) of the place (oh, ow) reads an image of `size`. */
export type Reader = (oh: number, ow: number, i: number, j: number) => number;

/** A reader that answers with the flat index in the image, or -1 in the padding. */
export function reader([H, W]: Pair, { dilation = [1, 1], padding = [0, 0], stride = [1, 1] }: Sliding): Reader {
  const [dilationH, dilationW] = dilation;
  const [paddingH, paddingW] = padding;
  const [strideH, strideW] = stride;
  return (oh, ow, i, j) => {
    const h = oh * strideH - paddingH + i * dilationH;
    const w = ow * strideW - paddingW + j * dilationW;
    return h >= 0 && h < H && w >= 0 && w < W ? h * W + w : -1;
  };
}
