import { checkInteger, checkNumber, checkOneOf, expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import type { ImageWindow } from '../../native.js';
import type { AugmentStep, BatchImage, Erasing, ErasingMode } from '../../ops/image-batch.js';
import { roundHalfEven } from '../image-geometry.js';
import { ColourDraws } from './colour.js';
import { Draws } from './draws.js';
import type { MixupOptions } from './mixup.js';
import { type Policy, parseRandAugment, randAugment, trivialAugment } from './rand-augment.js';

/** How training images are changed, by timm's names; without any, as `timm.data.create_transform` does by default. */
export interface AugmentOptions {
  /** The least and the largest share of an image's area that is cut out. Default [0.08, 1]. */
  scale?: readonly [number, number];
  /** The least and the largest width over height of that. Default [3/4, 4/3]. */
  ratio?: readonly [number, number];
  /** Of the resizing; `'random'` draws bilinear or bicubic. Default `'random'`. */
  interpolation?: 'random' | 'bilinear' | 'bicubic';
  /** How often left and right are swapped. Default 0.5. */
  hflip?: number;
  /** How often top and bottom are. Default 0. */
  vflip?: number;
  /** How far brightness, contrast and saturation go from 1, and the hue from 0. Default 0.4, without hue; 0 with `autoAugment`. */
  colorJitter?: number | readonly number[];
  /** How often that is done. Default 1. */
  colorJitterProb?: number;
  /** How often an image is made grey. Default 0. @see `torchvision.transforms.RandomGrayscale` */
  grayscaleProb?: number;
  /** How often it is blurred, by a deviation from 0.1 to 2 pixels. Default 0. @see `GaussianBlur` of Meta's DINO: Pillow's */
  gaussianBlurProb?: number;
  /** How often its values from 128 on are inverted. Default 0. @see `Solarization` of Meta's DINO */
  solarizeProb?: number;
  /** RandAugment by timm's strings (`rand-m9-n3-mstd0.5-inc1`), or `'trivial'`. Default: none. */
  autoAugment?: string;
  /** How often a rectangle is erased. Default 0. */
  reprob?: number;
  /** With zeros, one normal number a channel, or one a pixel. Default `'pixel'`. */
  remode?: ErasingMode;
  /** Rectangles that are erased at most; each the smaller. Default 1. */
  recount?: number;
  /** Of mixup's beta distribution. Default 0: none. */
  mixup?: number;
  /** Of CutMix's. Default 0: none. */
  cutmix?: number;
  /** The least and the largest side of CutMix's box, instead of `cutmix`. */
  cutmixMinmax?: readonly [number, number];
  /** How often anything is mixed. Default 1. */
  mixupProb?: number;
  /** How often by CutMix, where both are on. Default 0.5. */
  mixupSwitchProb?: number;
  /** What a draw of them serves. Default `'batch'`. */
  mixupMode?: 'batch' | 'pair' | 'elem';
  /** Of mixed labels. Default 0. */
  smoothing?: number;
}

const NAMES: OptionNames<AugmentOptions> = {
  scale: true,
  ratio: true,
  interpolation: true,
  hflip: true,
  vflip: true,
  colorJitter: true,
  colorJitterProb: true,
  grayscaleProb: true,
  gaussianBlurProb: true,
  solarizeProb: true,
  autoAugment: true,
  reprob: true,
  remode: true,
  recount: true,
  mixup: true,
  cutmix: true,
  cutmixMinmax: true,
  mixupProb: true,
  mixupSwitchProb: true,
  mixupMode: true,
  smoothing: true,
};

/** What is drawn for one image: what becomes of it on its way to the model's size. */
export type DrawnImage = Omit<BatchImage, 'bytes' | 'begin' | 'height' | 'width' | 'channels' | 'top' | 'left'>;

/** What draws it. */
export interface ImageDraws {
  /** What a batch is mixed by, if it is. */
  readonly mixing: MixupOptions | undefined;
  /** Whether images may be decoded smaller, where the crop allows it. */
  readonly shrinks: boolean;
  /** Further views of each image, of which the batch has a tensor each. */
  readonly views?: readonly { readonly crop: readonly [number, number]; readonly draws: ImageDraws }[];
  draw(
    at: { seed: number; epoch: number; index: number },
    size: readonly [number, number],
    crop: readonly [number, number],
  ): DrawnImage;
}

/** Draws what becomes of each image: from (seed, epoch, index) alone. */
export class Augmentation implements ImageDraws {
  readonly shrinks = true;
  readonly mixing: MixupOptions | undefined;
  readonly #options: Required<Pick<AugmentOptions, 'scale' | 'ratio' | 'interpolation' | 'hflip' | 'vflip'>>;
  readonly #colours: ColourDraws;
  readonly #policy: Policy | undefined;
  readonly #erasing: { probability: number; mode: ErasingMode; count: number };

  /**
   * @param mean of the images, as bytes: what surrounds those that are moved
   * @throws TypeError for options that are unknown or out of range
   */
  constructor(options: AugmentOptions, mean: readonly number[], where: string) {
    checkOptions(options, NAMES, where);
    const share = (name: keyof AugmentOptions, by: number): number => {
      return checkNumber(options[name] ?? by, `${where} ${name}`, 0, 1);
    };
    const { interpolation = 'random', autoAugment } = options;
    checkOneOf(interpolation, `${where} interpolation`, ['random', 'bilinear', 'bicubic']);
    this.#options = {
      scale: checkRange(options.scale ?? [0.08, 1], `${where} scale`, 1),
      ratio: checkRange(options.ratio ?? [3 / 4, 4 / 3], `${where} ratio`, Infinity),
      interpolation,
      hflip: share('hflip', 0.5),
      vflip: share('vflip', 0),
    };
    this.#colours = new ColourDraws(
      {
        colorJitter: options.colorJitter ?? (autoAugment === undefined ? 0.4 : 0),
        ...{ colorJitterProb: share('colorJitterProb', 1), grayscaleProb: share('grayscaleProb', 0) },
        ...{ gaussianBlurProb: share('gaussianBlurProb', 0), solarizeProb: share('solarizeProb', 0) },
      },
      where,
    );
    this.#policy = autoAugment === undefined ? undefined : policyOf(autoAugment, { fill: mean, interpolation }, where);
    this.#erasing = {
      probability: share('reprob', 0),
      mode: checkOneOf(options.remode ?? 'pixel', `${where} remode`, ['const', 'rand', 'pixel']),
      count: checkInteger(options.recount ?? 1, `${where} recount`, 1, 100),
    };
    const mixup = checkNumber(options.mixup ?? 0, `${where} mixup`, 0);
    const cutmix = checkNumber(options.cutmix ?? 0, `${where} cutmix`, 0);
    const { cutmixMinmax } = options;
    if (cutmixMinmax !== undefined) checkRange(cutmixMinmax, `${where} cutmixMinmax`, 1);
    const mixing = {
      ...{ mixup, cutmix, cutmixMinmax, mixupProb: share('mixupProb', 1), smoothing: share('smoothing', 0) },
      mixupSwitchProb: share('mixupSwitchProb', 0.5),
      mixupMode: checkOneOf(options.mixupMode ?? 'batch', `${where} mixupMode`, ['batch', 'pair', 'elem']),
    };
    const mixes = mixup > 0 || cutmix > 0 || cutmixMinmax !== undefined;
    this.mixing = mixes || mixing.smoothing > 0 ? { ...mixing, ...(!mixes && { mixupProb: 0 }) } : undefined;
  }

  /** What becomes of the image `index` of (height,width) in an epoch, on its way to the size `crop`. */
  draw(
    { seed, epoch, index }: { seed: number; epoch: number; index: number },
    size: readonly [number, number],
    crop: readonly [number, number],
  ): DrawnImage {
    const draws = new Draws(seed, epoch, index);
    const { scale, ratio, interpolation, hflip, vflip } = this.#options;
    const window = randomCrop(draws, size, { scale, ratio });
    const filter = interpolation === 'random' ? (draws.chance(0.5) ? 'bilinear' : 'bicubic') : interpolation;
    const steps: AugmentStep[] = [];
    if (draws.chance(hflip)) steps.push({ name: 'flipHorizontal', values: [] });
    if (draws.chance(vflip)) steps.push({ name: 'flipVertical', values: [] });
    if (this.#policy !== undefined) steps.push(...this.#policy(draws, crop));
    steps.push(...this.#colours.draw(draws));
    const kept = { top: 0, left: 0, height: crop[0], width: crop[1] };
    const resized = { window, size: crop, kept, interpolation: filter, antialias: true } as const;
    return { ...resized, steps, erasings: this.#erase(draws, crop) };
  }

  /**
   * The rectangles that are erased.
   *
   * @see timm's `RandomErasing`
   * @see Zhong et al., "Random erasing data augmentation", 2017
   */
  #erase(draws: Draws, [height, width]: readonly [number, number]): Erasing[] {
    const { probability, mode, count: most } = this.#erasing;
    const erasings: Erasing[] = [];
    if (probability === 0 || !draws.chance(probability)) return erasings;
    const count = 1 + draws.below(most);
    for (let i = 0; i < count; i++) {
      for (let attempt = 0; attempt < 10; attempt++) {
        const area = (draws.uniform(0.02, 1 / 3) * height * width) / count;
        const aspect = Math.exp(draws.uniform(Math.log(0.3), Math.log(1 / 0.3)));
        const rows = roundHalfEven(Math.sqrt(area * aspect));
        const columns = roundHalfEven(Math.sqrt(area / aspect));
        if (rows < 1 || columns < 1 || rows >= height || columns >= width) continue;
        const [top, left] = [draws.below(height - rows + 1), draws.below(width - columns + 1)];
        erasings.push({ top, left, height: rows, width: columns, mode, seed: draws.seed() });
        break;
      }
    }
    return erasings;
  }
}

function policyOf(text: unknown, options: Parameters<typeof trivialAugment>[0], where: string): Policy {
  const name = `${where} autoAugment`;
  if (typeof text !== 'string') throw expected("a string such as 'rand-m9-n3-mstd0.5-inc1'", name, text);
  if (text === 'trivial') return trivialAugment({ fill: [0, 0, 0], interpolation: 'nearest' });
  if (text.startsWith('rand')) return randAugment(parseRandAugment(text, name), options);
  throw expected("'rand-...' or 'trivial'", name, text);
}

function checkRange(range: unknown, where: string, most: number): readonly [number, number] {
  if (!Array.isArray(range) || range.length !== 2) throw expected('the least and the largest', where, range);
  const [least, largest] = range.map((value) => checkNumber(value, where, 0, most));
  if (least > 0 && least <= largest) return [least, largest];
  throw expected('two numbers above 0, the first the smaller,', where, range);
}

/** A drawn window: ten attempts, then the middle. @see `torchvision.transforms.RandomResizedCrop.get_params` */
export function randomCrop(
  draws: Draws,
  [height, width]: readonly [number, number],
  { scale, ratio }: { scale: readonly [number, number]; ratio: readonly [number, number] },
): ImageWindow {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = draws.uniform(scale[0], scale[1]) * height * width;
    const aspect = Math.exp(draws.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const columns = roundHalfEven(Math.sqrt(area * aspect));
    const rows = roundHalfEven(Math.sqrt(area / aspect));
    if (columns < 1 || rows < 1 || columns > width || rows > height) continue;
    return {
      top: draws.below(height - rows + 1),
      left: draws.below(width - columns + 1),
      height: rows,
      width: columns,
    };
  }
  const aspect = width / height;
  const rows = aspect < ratio[0] ? Math.min(height, Math.max(1, roundHalfEven(width / ratio[0]))) : height;
  const columns = aspect > ratio[1] ? Math.min(width, Math.max(1, roundHalfEven(height * ratio[1]))) : width;
  return { top: (height - rows) >> 1, left: (width - columns) >> 1, height: rows, width: columns };
}
