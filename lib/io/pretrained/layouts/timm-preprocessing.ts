import { checkOneOf, expected } from '../../../check.js';
import { INTERPOLATIONS, type Interpolation } from '../../../ops/image-resize.js';
import type { JsonFields } from '../../formats/json-fields.js';
import { imagenetStatistics, type Preprocessing } from '../preprocessing.js';

const CROP_MODES = ['center', 'squash', 'border'] as const;

/**
 * What timm's `create_transform` does in evaluation with a `pretrained_cfg`, whose absent fields are those of timm's
 * `PretrainedCfg`.
 *
 * @see `transforms_imagenet_eval` and `resolve_data_config` of timm 1.0
 * @param given the `pretrained_cfg`
 * @param size of the model's input, and its channels
 * @throws TypeError for an interpolation or a crop mode that timm has not
 */
export function timmPreprocessing(
  given: JsonFields,
  { imgSize, inChans }: { readonly imgSize: readonly [number, number]; readonly inChans: number },
): Preprocessing & { readonly cropPct: number } {
  const share = given.number('crop_pct', 1e-3) ?? 0.875;
  const scaled = [Math.floor(imgSize[0] / share), Math.floor(imgSize[1] / share)] as const;
  const mean = forChannels(given.numbers('mean') ?? imagenetStatistics.mean, inChans);
  const std = forChannels(given.numbers('std') ?? imagenetStatistics.std, inChans);
  const mode = checkOneOf(given.string('crop_mode') ?? 'center', `"crop_mode" of ${given.where}`, CROP_MODES);
  const interpolation = interpolationOf(given.string('interpolation') ?? 'bicubic', given.where);
  const common = { crop: imgSize, interpolation, mean, std, cropPct: share };
  switch (mode) {
    case 'squash':
      return { ...common, resize: scaled };
    case 'border':
      return { ...common, resize: scaled, fit: 'contain', fill: mean.map(toByte) };
    case 'center':
      if (scaled[0] === scaled[1]) return { ...common, resize: scaled[0] };
      // timm passes no interpolation on here, and its ResizeKeepRatio is bilinear.
      return { ...common, resize: scaled, fit: 'cover', interpolation: 'bilinear' };
  }
}

// Python's round, of a fill that is no half but where the mean is.
function toByte(mean: number): number {
  const value = 255 * mean;
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** A single statistic serves all channels, as in torchvision's Normalize. */
function forChannels(values: readonly number[], inChans: number): readonly number[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? new Array<number>(inChans).fill(only) : values;
}

function interpolationOf(name: string, where: string): Interpolation {
  if (name === 'random') {
    const advice = 'It is for training; timm itself evaluates with none such.';
    throw expected('a single filter', `"interpolation" of ${where}`, name, advice);
  }
  return checkOneOf(name, `"interpolation" of ${where}`, INTERPOLATIONS);
}
