import { record } from '../autograd.js';
import { checkPair, expected, type Pair } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native, type Window } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** A sliding window over an image; pairs are (height, width). */
export interface WindowOptions {
  /** The window's size, in points. */
  kernelSize: Pair;
  /** Distance of the window's own points. Default 1. */
  dilation?: Pair;
  /** Zeros on each side. Default 0. */
  padding?: Pair;
  /** Distance from window to window. Default 1. */
  stride?: Pair;
}

/** @internal */
export const WINDOW_OPTIONS: OptionNames<WindowOptions> = {
  kernelSize: true,
  dilation: true,
  padding: true,
  stride: true,
};

/** @internal Checks a window against an image of (height, width); gives it with its number of positions. */
export function checkWindow(
  options: WindowOptions,
  [height, width]: readonly [number, number],
  where: string,
): { window: Window; positions: [number, number] } {
  const kernel = checkPair(options?.kernelSize, `${where} kernelSize`, 1);
  const dilation = checkPair(options.dilation ?? 1, `${where} dilation`, 1);
  const padding = checkPair(options.padding ?? 0, `${where} padding`, 0);
  const stride = checkPair(options.stride ?? 1, `${where} stride`, 1);
  const along = (axis: 0 | 1, size: number): number => {
    const span = dilation[axis] * (kernel[axis] - 1) + 1;
    const padded = size + 2 * padding[axis];
    if (span > padded) {
      throw expected(
        `a kernel that fits the padded image, ${height + 2 * padding[0]} x ${width + 2 * padding[1]}`,
        where,
        [kernel[0], kernel[1]],
        'Use a smaller kernelSize or dilation, or more padding.',
      );
    }
    return Math.floor((padded - span) / stride[axis]) + 1;
  };
  return {
    window: { kernel, dilation, padding, stride },
    positions: [along(0, height), along(1, width)],
  };
}

/**
 * The windows of an image as columns.
 *
 * @param image (N,C,H,W)
 * @returns (N, C*kh*kw, L), a column a position, positions in row-major order
 * @throws TypeError for a kernel larger than the padded image, a stride or dilation of 0, sizes that are no whole
 *   numbers
 * @see `torch.nn.functional.unfold`
 * @example
 * const patches = F.unfold(image, { kernelSize: 4, stride: 4 });
 */
export function unfold(image: Tensor, options: WindowOptions): Tensor {
  checkOptions(options, WINDOW_OPTIONS, 'unfold');
  checkTensor(image, 'unfold input', { rank: 4, letters: '(N,C,H,W)' });
  const [n, c, h, w] = image.shape as [number, number, number, number]; // four axes
  const { window, positions } = checkWindow(options, [h, w], 'unfold');
  const [kh, kw] = window.kernel;
  const sizes = { batch: n, channels: c, height: h, width: w, window };
  const y = empty([n, c * kh * kw, positions[0] * positions[1]]);
  native.unfold({ columns: y, image, ...sizes });
  return record('unfold', y, [image], [], (dy, grads) => {
    const dx = empty([n, c, h, w]);
    native.fold({ image: dx, columns: dy, ...sizes });
    grads.pass(0, dx);
    dx.dispose();
  });
}

/** Options of `fold`. */
export interface FoldOptions extends WindowOptions {
  /** (height, width) of the image. */
  outputSize: Pair;
}

const FOLD_OPTIONS: OptionNames<FoldOptions> = { ...WINDOW_OPTIONS, outputSize: true };

/**
 * Columns summed back into an image, each window where `unfold` took it.
 *
 * @param columns (N, C*kh*kw, L)
 * @returns (N,C,H,W) with (H,W) = outputSize
 * @throws TypeError as `unfold`, and when the columns are not those of such an image
 * @see `torch.nn.functional.fold`
 */
export function fold(columns: Tensor, options: FoldOptions): Tensor {
  checkOptions(options, FOLD_OPTIONS, 'fold');
  checkTensor(columns, 'fold input', { rank: 3, letters: '(N,C*kh*kw,L)' });
  const [h, w] = checkPair(options?.outputSize, 'fold outputSize', 1);
  const { window, positions } = checkWindow(options, [h, w], 'fold');
  const [n, rows, length] = columns.shape as [number, number, number]; // three axes
  const area = window.kernel[0] * window.kernel[1];
  if (rows % area !== 0) throw expected(`a multiple of the kernel's ${area} rows`, 'fold input', columns);
  if (length !== positions[0] * positions[1]) {
    throw expected(`${positions[0] * positions[1]} columns, as the window has positions`, 'fold input', columns);
  }
  const c = rows / area;
  const sizes = { batch: n, channels: c, height: h, width: w, window };
  const y = empty([n, c, h, w]);
  native.fold({ image: y, columns, ...sizes });
  return record('fold', y, [columns], [], (dy, grads) => {
    const dx = empty([n, rows, length]);
    native.unfold({ columns: dx, image: dy, ...sizes });
    grads.pass(0, dx);
    dx.dispose();
  });
}
