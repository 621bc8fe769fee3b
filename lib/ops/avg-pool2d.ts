import { checkBoolean, checkPair, expected, type Pair } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { constant } from './constant.js';
import { mul } from './elementwise.js';
import { mean, sum } from './reduce.js';
import { reshape } from './reshape.js';
import { checkWindow, unfold } from './unfold.js';

/** Options of `avgPool2d`; pairs are (height, width). */
export interface AvgPool2dOptions {
  /** The window's size. */
  kernelSize: Pair;
  /** Distance from window to window. Default: the kernel's size. */
  stride?: Pair;
  /** Zeros on each side, at most half the kernel. Default 0. */
  padding?: Pair;
  /** Whether those zeros count as elements of the mean. Default true. */
  countIncludePad?: boolean;
}

/** @internal */
export const AVG_POOL2D_OPTIONS: OptionNames<AvgPool2dOptions> = {
  kernelSize: true,
  stride: true,
  padding: true,
  countIncludePad: true,
};

/**
 * The mean of each window of an image.
 *
 * @param x (N,C,H,W)
 * @returns (N,C,OH,OW)
 * @throws TypeError as `unfold`, and for more padding
 * @see `torch.nn.functional.avg_pool2d`
 */
export function avgPool2d(x: Tensor, options: AvgPool2dOptions): Tensor {
  checkOptions(options, AVG_POOL2D_OPTIONS, 'avgPool2d');
  checkTensor(x, 'avgPool2d input', { rank: 4, letters: '(N,C,H,W)' });
  const [n, c, h, w] = x.shape as [number, number, number, number]; // four axes
  const kernelSize = options?.kernelSize;
  const windows = { kernelSize, stride: options?.stride ?? kernelSize, padding: options?.padding ?? 0 };
  const { window, positions } = checkWindow(windows, [h, w], 'avgPool2d');
  const { kernel, stride, padding } = window;
  if (2 * padding[0] > kernel[0] || 2 * padding[1] > kernel[1]) {
    throw expected('padding of at most half the kernel', 'avgPool2d', options.padding);
  }
  const all = checkBoolean(options.countIncludePad ?? true, 'avgPool2d countIncludePad');
  const [oh, ow] = positions;
  const apart = kernel.every((size, axis) => size === stride[axis] && padding[axis] === 0);
  return scope(() => {
    if (apart && oh * kernel[0] === h && ow * kernel[1] === w) {
      return mean(reshape(x, [n, c, oh, kernel[0], ow, kernel[1]]), { dim: [3, 5] });
    }
    const sums = reshape(sum(unfold(reshape(x, [n * c, 1, h, w]), windows), { dim: 1 }), [n, c, oh, ow]);
    if (all || (padding[0] === 0 && padding[1] === 0)) return mul(sums, 1 / (kernel[0] * kernel[1]));
    const inside = (axis: 0 | 1, size: number) => (position: number) => {
      const from = position * stride[axis] - padding[axis];
      return Math.min(from + kernel[axis], size) - Math.max(from, 0);
    };
    const [rows, columns] = [inside(0, h), inside(1, w)];
    const shares = Float32Array.from({ length: oh * ow }, (_, i) => 1 / (rows(Math.floor(i / ow)) * columns(i % ow)));
    return mul(sums, constant(shares, [oh, ow]));
  });
}

/** @internal Checks a window without an image, for a module's constructor. */
export function checkPool(options: { kernelSize: Pair; stride?: Pair; padding?: Pair }, where: string): void {
  checkPair(options?.kernelSize, `${where} kernelSize`, 1);
  checkPair(options.stride ?? 1, `${where} stride`, 1);
  checkPair(options.padding ?? 0, `${where} padding`, 0);
}
