import { checkInteger } from '../lib/check.js';
import { onlyGiven } from '../lib/check-options.js';
import { resolveSwin } from '../lib/nn/swin/config.js';
import { swinConfigOf } from '../lib/nn/swin/registry.js';
import type { BenchModel, ModelOverrides } from './model.js';
import type { SwinSizes } from './work.js';

const LETTERS: Readonly<Record<string, string>> = { T: 'tiny', S: 'small', B: 'base', L: 'large' };

/**
 * A Swin by its name, a letter as in `Swin-T` or one of version 1 of `nn.Swin.list()`; undefined for another.
 *
 * @throws TypeError for sizes that do not go together
 */
export function swinModel(name: string, overrides: ModelOverrides = {}): BenchModel<SwinSizes> | undefined {
  const size = LETTERS[/^Swin-([TSBL])$/.exec(name)?.[1] ?? ''];
  if (size === undefined && !name.startsWith('swin_')) return undefined;
  const own = swinConfigOf(size === undefined ? name : `swin_${size}_patch4_window7_224`);
  const asked = { imgSize: overrides.img, patchSize: overrides.patch, numClasses: overrides.classes };
  const config = resolveSwin({ ...own, ...onlyGiven(asked) });
  const { inChans, numClasses, embedDim, depths, numHeads, mlpRatio } = config;
  const whole = (key: 'imgSize' | 'patchSize' | 'windowSize') => checkInteger(config[key], `the ${key} of ${name}`);
  const sizes = { imgSize: whole('imgSize'), patchSize: whole('patchSize'), windowSize: whole('windowSize') };
  return { name, sizes: { ...sizes, inChans, numClasses, embedDim, depths, numHeads, mlpRatio } };
}

/** As `forwardFlops`, of a Swin: each token's scores are those of its window. */
export function swinFlops(model: SwinSizes): number {
  const { imgSize, patchSize, inChans, numClasses, embedDim, depths, windowSize, mlpRatio } = model;
  let [side, dim] = [imgSize / patchSize, embedDim];
  let products = side ** 2 * inChans * patchSize ** 2 * dim; // patches
  for (const [stage, depth] of depths.entries()) {
    if (stage > 0) {
      [side, dim] = [Math.ceil(side / 2), 2 * dim];
      products += side ** 2 * 2 * dim * dim; // four tokens of half the width become one
    }
    const window = Math.min(windowSize, side);
    const linears = dim * (4 * dim + 2 * Math.floor(dim * mlpRatio)); // qkv, proj, fc1, fc2
    const attention = 2 * window ** 2 * dim; // scores, and their product with the values
    products += depth * side ** 2 * (linears + attention);
  }
  return 2 * (products + dim * numClasses);
}
