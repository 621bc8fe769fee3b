import type { ImageWindow } from '../../native.js';
import type { Mixing } from '../../ops/image-batch.js';
import { Draws } from './draws.js';

/** Of mixup and CutMix, by timm's names. */
export interface MixupOptions {
  /** Of mixup's beta distribution; 0: none. */
  readonly mixup: number;
  /** Of CutMix's; 0: none. */
  readonly cutmix: number;
  /** The least and the largest side of a box, as a share of the image's; replaces `cutmix`. */
  readonly cutmixMinmax: readonly [number, number] | undefined;
  /** How often a batch or an image is mixed at all. */
  readonly mixupProb: number;
  /** How often with CutMix, where both are on. */
  readonly mixupSwitchProb: number;
  /** Whether one draw serves the batch, each pair, or each image. */
  readonly mixupMode: 'batch' | 'pair' | 'elem';
  readonly smoothing: number;
}

/** What is drawn once. */
interface Drawn {
  weight: number;
  box: ImageWindow | undefined;
  /** Of the image's own label. */
  share: number;
}

/**
 * What a batch is mixed by. Image i is mixed with image N - 1 - i.
 *
 * @returns also how much of each label is the image's own
 * @see timm's `Mixup`
 * @see Zhang et al., "mixup", 2017; Yun et al., "CutMix", 2019
 */
export function drawMixing(
  options: MixupOptions,
  { seed, epoch, first }: { seed: number; epoch: number; first: number },
  [count, height, width]: readonly [number, number, number],
): Mixing & { shares: number[] } {
  const draws = new Draws(seed, epoch, -2 - first); // images have indices of 0 and more
  const { mixupMode } = options;
  const drawn = new Array<Drawn>(count);
  const half = Math.floor(count / 2);
  const times = mixupMode === 'batch' ? 1 : mixupMode === 'pair' ? half : count;
  const made = Array.from({ length: times }, () => drawOne(options, draws, [height, width]));
  const whole: Drawn = { weight: 1, box: undefined, share: 1 };
  for (let i = 0; i < count; i++) {
    if (mixupMode === 'pair')
      drawn[i] = made[Math.min(i, count - 1 - i)] ?? whole; // an odd one is its own pair
    else drawn[i] = mixupMode === 'batch' ? made[0] : made[i];
  }
  return {
    weights: drawn.map(({ weight }) => weight),
    boxes: drawn.map(({ box }) => box),
    shares: drawn.map(({ share }) => share),
  };
}

function drawOne(options: MixupOptions, draws: Draws, size: readonly [number, number]): Drawn {
  const { mixup, cutmix, cutmixMinmax, mixupProb, mixupSwitchProb } = options;
  const cutting = cutmixMinmax === undefined ? cutmix : 1;
  if (!draws.chance(mixupProb)) return { weight: 1, box: undefined, share: 1 };
  const cuts = cutting > 0 && (mixup === 0 || draws.chance(mixupSwitchProb));
  const share = draws.beta(cuts ? cutting : mixup);
  if (!cuts) return { weight: share, box: undefined, share };
  const box = cutmixMinmax === undefined ? boxOf(share, draws, size) : boxWithin(cutmixMinmax, draws, size);
  const area = box.height * box.width;
  return { weight: 1, box: area > 0 ? box : undefined, share: 1 - area / (size[0] * size[1]) };
}

/** timm's `rand_bbox`: a box of 1 - share of the image about a point of it, cut off at the border. */
export function boxOf(share: number, draws: Draws, [height, width]: readonly [number, number]): ImageWindow {
  const ratio = Math.sqrt(1 - share);
  const side = (length: number): [begin: number, length: number] => {
    const cut = Math.trunc(length * ratio);
    const middle = draws.below(length);
    const begin = Math.max(0, middle - Math.floor(cut / 2));
    return [begin, Math.min(length, middle + Math.floor((cut + 1) / 2)) - begin];
  };
  const [top, rows] = side(height);
  const [left, columns] = side(width);
  return { top, left, height: rows, width: columns };
}

/** timm's `rand_bbox_minmax`. */
function boxWithin(
  [least, most]: readonly [number, number],
  draws: Draws,
  [height, width]: readonly [number, number],
): ImageWindow {
  const side = (length: number): number => {
    const [from, to] = [Math.trunc(length * least), Math.trunc(length * most)];
    return from + draws.below(Math.max(1, to - from));
  };
  const [rows, columns] = [side(height), side(width)];
  return { top: draws.below(height - rows + 1), left: draws.below(width - columns + 1), height: rows, width: columns };
}

/** Labels as shares of classes: (N, classes). @see timm's `mixup_target` */
export function mixedTargets(
  labels: readonly (number | Float32Array)[],
  shares: readonly number[],
  classes: number,
  smoothing: number,
): Float32Array {
  const off = smoothing / classes;
  const targets = new Float32Array(labels.length * classes);
  const add = (row: number, label: number | Float32Array, share: number): void => {
    for (let k = 0; k < classes; k++) {
      const value = typeof label === 'number' ? Number(label === k) : label[k];
      targets[row * classes + k] += share * (value * (1 - smoothing) + off);
    }
  };
  for (let i = 0; i < labels.length; i++) {
    add(i, labels[i], shares[i]);
    if (shares[i] !== 1) add(i, labels[labels.length - 1 - i], 1 - shares[i]);
  }
  return targets;
}
