import { checkNumber, expected } from '../../check.js';
import type { AugmentStep } from '../../ops/image-batch.js';
import type { AugmentOptions } from './augment.js';
import type { Draws } from './draws.js';

type ColourOptions = Required<
  Pick<AugmentOptions, 'colorJitter' | 'colorJitterProb' | 'grayscaleProb' | 'gaussianBlurProb' | 'solarizeProb'>
>;

/** Of Meta's blurs, in pixels. */
const DEVIATIONS = [0.1, 2] as const;
/** Values from here on are inverted. */
const SOLARIZE_FROM = 128;

/** Draws what becomes of an image's colours, and its sharpness, in the order of Meta's DINO. */
export class ColourDraws {
  readonly #jitter: readonly number[];

  /** @throws TypeError for a jitter that is out of range; the probabilities are checked already */
  constructor(
    readonly options: ColourOptions,
    where: string,
  ) {
    this.#jitter = checkJitter(options.colorJitter, where);
  }

  draw(draws: Draws): AugmentStep[] {
    const { colorJitterProb, grayscaleProb, gaussianBlurProb, solarizeProb } = this.options;
    // What is always done or never draws nothing: results stay what they were before there was a choice.
    const chance = (probability: number) => probability === 1 || (probability > 0 && draws.chance(probability));
    const steps: AugmentStep[] = [];
    if (chance(colorJitterProb)) steps.push(...jittered(this.#jitter, draws));
    if (chance(grayscaleProb)) steps.push({ name: 'color', values: [0] });
    if (chance(gaussianBlurProb)) steps.push({ name: 'gaussianBlur', values: [draws.uniform(...DEVIATIONS)] });
    if (chance(solarizeProb)) steps.push({ name: 'solarize', values: [SOLARIZE_FROM] });
    return steps;
  }
}

function checkJitter(jitter: unknown, where: string): readonly number[] {
  const values: unknown[] = Array.isArray(jitter) ? jitter : [jitter, jitter, jitter];
  if (values.length < 3 || values.length > 4) {
    throw expected('a number, or three or four', `${where} colorJitter`, jitter);
  }
  return values.map((value, i) => checkNumber(value, `${where} colorJitter`, 0, i === 3 ? 0.5 : Infinity));
}

/** Brightness and its kin, drawn, in a drawn order. @see `torchvision.transforms.ColorJitter` */
function jittered(jitter: readonly number[], draws: Draws): AugmentStep[] {
  if (jitter.every((value) => value === 0)) return [];
  const names = ['brightness', 'contrast', 'color', 'hue'] as const;
  const steps = names.slice(0, jitter.length).flatMap((name, i): AugmentStep[] => {
    const by = jitter[i];
    const value = name === 'hue' ? draws.uniform(-by, by) : draws.uniform(Math.max(0, 1 - by), 1 + by);
    return by === 0 ? [] : [{ name, values: [value] }];
  });
  for (let i = steps.length - 1; i > 0; i--) {
    const j = draws.below(i + 1);
    [steps[i], steps[j]] = [steps[j], steps[i]];
  }
  return steps;
}
