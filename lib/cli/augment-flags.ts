import { expected, Text } from '../check.js';
import type { AugmentOptions } from '../data/augment/augment.js';
import type { Recipe } from './recipe.js';
import type { TrainFlags } from './train-settings.js';
import { UsageError } from './usage-error.js';

const MIXING_DETAILS = [
  ['mixupProb', '--mixup-prob'],
  ['mixupSwitchProb', '--mixup-switch-prob'],
  ['mixupMode', '--mixup-mode'],
] as const;

const AUGMENT_FLAGS = [
  ['aa', '--aa'],
  ['scale', '--scale'],
  ['hflip', '--hflip'],
  ['vflip', '--vflip'],
  ['colorJitter', '--color-jitter'],
  ['reprob', '--reprob'],
  ['mixup', '--mixup'],
  ['cutmix', '--cutmix'],
  ...MIXING_DETAILS,
] as const;

/** The first flag given that says how photographs are changed. */
export function augmentFlag(flags: TrainFlags): string | undefined {
  return AUGMENT_FLAGS.find(([name]) => flags[name] !== undefined)?.[1];
}

/** Throws where flags contradict each other. */
export function checkAugmentFlags(flags: TrainFlags): void {
  const change = augmentFlag(flags);
  if (change !== undefined && !flags.aug) {
    const advice = 'Without augmentation nothing is changed.';
    throw new UsageError(expected('--no-aug or what to do', 'vitrine train', new Text(`${change} too`), advice));
  }
  const detail = MIXING_DETAILS.find(([name]) => flags[name] !== undefined);
  if (detail !== undefined && !((flags.mixup ?? 0) > 0 || (flags.cutmix ?? 0) > 0)) {
    const advice = 'It says how images are mixed.';
    throw new UsageError(expected('--mixup or --cutmix', detail[1], new Text('neither'), advice));
  }
}

/** What the flags ask for, on what the recipe has: the least share of a photograph's area that is cut out, and so on. */
export function augmentation(flags: TrainFlags, recipe: Recipe): AugmentOptions {
  const { aa, scale, hflip, vflip, colorJitter, reprob, mixup, cutmix } = flags;
  const { mixupProb, mixupSwitchProb, mixupMode } = flags;
  return {
    scale: [scale ?? recipe.leastScale, 1],
    ...(aa !== undefined && { autoAugment: aa }),
    ...(hflip !== undefined && { hflip }),
    ...(vflip !== undefined && { vflip }),
    ...(colorJitter !== undefined && { colorJitter }),
    reprob: reprob ?? recipe.reprob,
    ...(mixup !== undefined && { mixup }),
    ...(cutmix !== undefined && { cutmix }),
    ...(mixupProb !== undefined && { mixupProb }),
    ...(mixupSwitchProb !== undefined && { mixupSwitchProb }),
    ...(mixupMode !== undefined && { mixupMode }),
  };
}
