import { expected, Text } from '../../check.js';
import { type AugmentStep, affineStep } from '../../ops/image-batch.js';
import type { Draws } from './draws.js';

/** What is drawn for an image of so many pixels. */
export type Policy = (draws: Draws, size: readonly [height: number, width: number]) => AugmentStep[];

/** What policies go by besides their string. */
export interface PolicyOptions {
  /** Bytes that surround what is moved: the mean of the images. */
  readonly fill: readonly number[];
  /** Of what is moved; `'random'` is bilinear or bicubic, drawn each time. */
  readonly interpolation: 'random' | 'bilinear' | 'bicubic' | 'nearest';
}

type Operation = (level: number, draws: Draws, around: Around) => AugmentStep | undefined;

/** What operations that move pixels need. */
interface Around extends PolicyOptions {
  readonly size: readonly [height: number, width: number];
}

const MOST_LEVEL = 10; // timm's _LEVEL_DENOM

const step = (name: AugmentStep['name'], ...values: number[]): AugmentStep => ({ name, values });
const eitherSign = (value: number, draws: Draws): number => (draws.uniform() > 0.5 ? -value : value);

function moved(matrix: readonly number[], draws: Draws, { fill, interpolation }: Around): AugmentStep {
  const filter = interpolation === 'random' ? (draws.chance(0.5) ? 'bilinear' : 'bicubic') : interpolation;
  return affineStep(matrix, filter, fill);
}

/** The matrix of `PIL.Image.rotate`: about the middle, counter-clockwise, in degrees. */
export function rotation(degrees: number, [height, width]: readonly [number, number]): number[] {
  const angle = -(degrees * Math.PI) / 180;
  const to15 = (value: number): number => Number(value.toFixed(15));
  const [cos, sin] = [to15(Math.cos(angle)), to15(Math.sin(angle))];
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y];
}

/** A factor of PIL.ImageEnhance, 0.1 to 1.9, that grows with the level. */
const enhanced = (name: AugmentStep['name']): Operation => {
  return (level) => step(name, (level / MOST_LEVEL) * 1.8 + 0.1);
};
/** One that moves away from 1, either way, with the level. */
const enhancedMore = (name: AugmentStep['name']): Operation => {
  return (level, draws) => step(name, Math.max(0.1, 1 + eitherSign((level / MOST_LEVEL) * 0.9, draws)));
};
const shear = (level: number, draws: Draws): number => eitherSign((level / MOST_LEVEL) * 0.3, draws);
const shift = (level: number, draws: Draws): number => eitherSign((level / MOST_LEVEL) * 0.45, draws);
const bits = (kept: number): AugmentStep | undefined => (kept >= 8 ? undefined : step('posterize', kept));

const OPERATIONS: Readonly<Record<string, Operation>> = {
  AutoContrast: () => step('autoContrast'),
  Equalize: () => step('equalize'),
  Invert: () => step('invert'),
  Rotate: (level, draws, around) => {
    return moved(rotation(eitherSign((level / MOST_LEVEL) * 30, draws), around.size), draws, around);
  },
  Posterize: (level) => bits(Math.trunc((level / MOST_LEVEL) * 4)),
  PosterizeIncreasing: (level) => bits(4 - Math.trunc((level / MOST_LEVEL) * 4)),
  Solarize: (level) => step('solarize', Math.min(256, Math.trunc((level / MOST_LEVEL) * 256))),
  SolarizeIncreasing: (level) => step('solarize', 256 - Math.min(256, Math.trunc((level / MOST_LEVEL) * 256))),
  SolarizeAdd: (level) => step('solarizeAdd', Math.min(128, Math.trunc((level / MOST_LEVEL) * 110))),
  Color: enhanced('color'),
  ColorIncreasing: enhancedMore('color'),
  Contrast: enhanced('contrast'),
  ContrastIncreasing: enhancedMore('contrast'),
  Brightness: enhanced('brightness'),
  BrightnessIncreasing: enhancedMore('brightness'),
  Sharpness: enhanced('sharpness'),
  SharpnessIncreasing: enhancedMore('sharpness'),
  ShearX: (level, draws, around) => moved([1, shear(level, draws), 0, 0, 1, 0], draws, around),
  ShearY: (level, draws, around) => moved([1, 0, 0, shear(level, draws), 1, 0], draws, around),
  TranslateXRel: (level, draws, around) => {
    return moved([1, 0, shift(level, draws) * around.size[1], 0, 1, 0], draws, around);
  },
  TranslateYRel: (level, draws, around) => {
    return moved([1, 0, 0, 0, 1, shift(level, draws) * around.size[0]], draws, around);
  },
};

const increasingOf = (name: string): string => (`${name}Increasing` in OPERATIONS ? `${name}Increasing` : name);
// The names without "Increasing" in timm's order, SolarizeAdd after Solarize.
const PLAIN = Object.keys(OPERATIONS).filter((name) => !name.endsWith('Increasing'));

// timm's _RAND_WEIGHTED_0.
const WEIGHTS: Readonly<Record<string, number>> = {
  Rotate: 3,
  ShearX: 2,
  ShearY: 2,
  TranslateXRel: 1,
  TranslateYRel: 1,
  ColorIncreasing: 0.25,
  SharpnessIncreasing: 0.25,
  AutoContrast: 0.25,
  SolarizeIncreasing: 0.05,
  SolarizeAdd: 0.05,
  ContrastIncreasing: 0.05,
  BrightnessIncreasing: 0.05,
  Equalize: 0.05,
  PosterizeIncreasing: 0.05,
  Invert: 0.05,
};

/** What a string of RandAugment says. */
export interface RandAugmentConfig {
  magnitude: number;
  layers: number;
  probability: number;
  /** Of the magnitude; infinite: uniform up to it. */
  deviation: number;
  most: number;
  /** How likely each operation is. */
  weights: Readonly<Record<string, number>>;
  /** Whether the layers of an image differ. */
  distinct: boolean;
}

const NUMBER = /^(mstd|mmax|inc|m|n|p)(\d+(?:\.\d+)?|inf)$/;

/**
 * Reads timm's strings: `rand-m9-n3-mstd0.5-inc1`.
 *
 * @throws TypeError that names the section that is none, or a set of operations that there is not
 * @see timm's `rand_augment_transform`
 */
export function parseRandAugment(text: string, where: string): RandAugmentConfig {
  const config = { magnitude: 10, layers: 2, probability: 0.5, deviation: 0, most: MOST_LEVEL };
  let increasing = false;
  let weighted = false;
  for (const section of text.split('-').slice(1)) {
    if (section === 'tweights') {
      weighted = true;
      continue;
    }
    const [, key, value] = NUMBER.exec(section) ?? [];
    const number = value === 'inf' ? Infinity : Number(value);
    if (key === 'm') config.magnitude = Math.trunc(number);
    else if (key === 'n') config.layers = Math.trunc(number);
    else if (key === 'p') config.probability = number;
    else if (key === 'mstd') config.deviation = number > 100 ? Infinity : number;
    else if (key === 'mmax') config.most = Math.trunc(number);
    else if (key === 'inc') increasing = number !== 0;
    else throw expected('sections of m, n, p, mstd, mmax, inc or tweights', where, new Text(`'${section}'`), example);
  }
  const names = increasing ? PLAIN.map(increasingOf) : PLAIN;
  const weights = weighted ? WEIGHTS : Object.fromEntries(names.map((name) => [name, 1]));
  return { ...config, weights, distinct: weighted };
}

const example = 'As in rand-m9-n3-mstd0.5-inc1.';

/** RandAugment as timm has it. @see Cubuk et al., "RandAugment", 2019 */
export function randAugment(config: RandAugmentConfig, options: PolicyOptions): Policy {
  const { magnitude, layers, probability, deviation, most, weights, distinct } = config;
  return (draws, size) => {
    const left = { ...weights };
    const steps: AugmentStep[] = [];
    for (let layer = 0; layer < layers && Object.keys(left).length > 0; layer++) {
      const name = drawName(left, draws);
      if (distinct) delete left[name];
      if (!draws.chance(probability)) continue;
      let level = magnitude;
      if (deviation === Infinity) level = draws.uniform(0, magnitude);
      else if (deviation > 0) level = draws.normal(magnitude, deviation);
      level = Math.max(0, Math.min(level, most));
      const drawn = OPERATIONS[name](level, draws, { ...options, size });
      if (drawn !== undefined) steps.push(drawn);
    }
    return steps;
  };
}

function drawName(weights: Readonly<Record<string, number>>, draws: Draws): string {
  const entries = Object.entries(weights);
  let at = draws.uniform(
    0,
    entries.reduce((sum, [, weight]) => sum + weight, 0),
  );
  for (const [name, weight] of entries) {
    at -= weight;
    if (at < 0) return name;
  }
  return entries[entries.length - 1][0];
}

/** TrivialAugment's wide space: each of 14 operations as likely, its strength one of 31. */
const WIDE: Readonly<Record<string, (level: number, draws: Draws, around: Around) => AugmentStep | undefined>> = {
  Identity: () => undefined,
  ShearX: (level, draws, around) => moved([1, eitherSign(0.99 * level, draws), 0, 0, 1, 0], draws, around),
  ShearY: (level, draws, around) => moved([1, 0, 0, eitherSign(0.99 * level, draws), 1, 0], draws, around),
  TranslateX: (level, draws, around) => {
    return moved([1, 0, Math.trunc(eitherSign(32 * level, draws)), 0, 1, 0], draws, around);
  },
  TranslateY: (level, draws, around) => {
    return moved([1, 0, 0, 0, 1, Math.trunc(eitherSign(32 * level, draws))], draws, around);
  },
  Rotate: (level, draws, around) => moved(rotation(eitherSign(135 * level, draws), around.size), draws, around),
  Brightness: (level, draws) => step('brightness', 1 + eitherSign(0.99 * level, draws)),
  Color: (level, draws) => step('color', 1 + eitherSign(0.99 * level, draws)),
  Contrast: (level, draws) => step('contrast', 1 + eitherSign(0.99 * level, draws)),
  Sharpness: (level, draws) => step('sharpness', 1 + eitherSign(0.99 * level, draws)),
  Posterize: (level) => bits(8 - Math.round(6 * level)),
  Solarize: (level) => step('solarize', 255 * (1 - level)),
  AutoContrast: () => step('autoContrast'),
  Equalize: () => step('equalize'),
};
const BINS = 31;

/** TrivialAugment as torchvision's `TrivialAugmentWide`. @see Müller and Hutter, "TrivialAugment", 2021 */
export function trivialAugment(options: PolicyOptions): Policy {
  const operations = Object.values(WIDE);
  return (draws, size) => {
    const operation = operations[draws.below(operations.length)];
    const drawn = operation(draws.below(BINS) / (BINS - 1), draws, { ...options, size });
    return drawn === undefined ? [] : [drawn];
  };
}

/** @internal For the tests: an operation of RandAugment at a level. */
export function operationAt(name: string, level: number, draws: Draws, around: Around): AugmentStep | undefined {
  return OPERATIONS[name](level, draws, around);
}
