import { record } from '../autograd.js';
import { checkBoolean, checkNumber, checkOneOf, checkPair, expected, type Pair, Text } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { native } from '../native.js';
import { empty, type Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** What stands between elements: the one before, or their mean by distance. */
export type InterpolationMode = 'nearest' | 'bilinear';

/** Options of `interpolate`; pairs are (height, width). */
export interface InterpolateOptions {
  /** The size of the result; this or `scaleFactor`. */
  size?: Pair;
  /** How many times as large the result is, rounded down. */
  scaleFactor?: number | readonly [number, number];
  /** Default `'nearest'`. */
  mode?: InterpolationMode;
  /** With `'bilinear'`: whether the middles of the corners' pixels are the same, or the image's edges. Default false. */
  alignCorners?: boolean;
}

const OPTIONS: OptionNames<InterpolateOptions> = { size: true, scaleFactor: true, mode: true, alignCorners: true };

/** @internal Throws for options that are unknown, of which a module has kept some. */
export function checkInterpolate(options: InterpolateOptions, where: string): void {
  checkOptions(options, OPTIONS, where);
  const { size, scaleFactor, alignCorners } = options ?? {};
  const mode = checkOneOf(options?.mode ?? 'nearest', `${where} mode`, ['nearest', 'bilinear']);
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw expected('size or scaleFactor', where, new Text(size === undefined ? 'neither' : 'both'));
  }
  if (size !== undefined) checkPair(size, `${where} size`, 1);
  if (scaleFactor !== undefined) factors(scaleFactor, where);
  if (alignCorners === undefined) return;
  checkBoolean(alignCorners, `${where} alignCorners`);
  if (mode === 'nearest') throw expected("mode: 'bilinear' with alignCorners", where, mode);
}

function factors(scaleFactor: number | readonly [number, number], where: string): [number, number] {
  const pair: readonly unknown[] = Array.isArray(scaleFactor) ? scaleFactor : [scaleFactor, scaleFactor];
  if (pair.length !== 2) throw expected('a factor, or one for height and one for width', where, scaleFactor);
  return pair.map((factor) => checkNumber(factor, `${where} scaleFactor`, Number.MIN_VALUE)) as [number, number]; // two
}

/**
 * Images at another size, without antialiasing: upsampling above all.
 *
 * @param x (N,C,H,W)
 * @returns (N,C,OH,OW)
 * @throws TypeError for an empty image, and options that are unknown or do not go together
 * @see `torch.nn.functional.interpolate`, whose modes others are refused by name
 * @example
 * const logits = F.interpolate(coarse, { size: [224, 224], mode: 'bilinear' });
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkInterpolate(options, 'interpolate');
  checkTensor(x, 'interpolate input', { rank: 4, letters: '(N,C,H,W)' });
  const [n, c, h, w] = x.shape as [number, number, number, number]; // four axes
  if (h === 0 || w === 0) throw expected('an image with pixels', 'interpolate input', x);
  const { size, scaleFactor, mode = 'nearest', alignCorners = false } = options;
  const times = scaleFactor === undefined ? undefined : factors(scaleFactor, 'interpolate');
  const from = [h, w] as const;
  const result = times
    ? (from.map((length, axis) => Math.floor(length * times[axis])) as [number, number]) // of two axes
    : checkPair(size, 'interpolate size', 1);
  if (result[0] === 0 || result[1] === 0)
    throw expected('a scaleFactor that leaves a pixel', 'interpolate', scaleFactor);
  const scale = from.map((length, axis) => {
    if (alignCorners) return result[axis] > 1 ? Math.fround((length - 1) / (result[axis] - 1)) : 0;
    // A factor that was given counts, whatever the rounding of sizes makes of it.
    return Math.fround(times === undefined ? length / result[axis] : 1 / times[axis]);
  }) as [number, number]; // likewise
  const grid = { size: from, result, scale, linear: mode === 'bilinear', alignCorners };
  const planes = n * c;
  const y = empty([n, c, ...result]);
  native.interpolateForward({ y, x, planes, grid });
  return record('interpolate', y, [x], [], (dy, grads) => {
    const dx = empty([n, c, h, w]);
    native.interpolateBackward({ dx, dy, planes, grid });
    grads.pass(0, dx);
    dx.dispose();
  });
}
