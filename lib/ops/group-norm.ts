import { checkInteger, expected, sizeOf } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import { checkTensor } from './check-tensor.js';
import { add, mul } from './elementwise.js';
import { layerNorm } from './layer-norm.js';
import { reshape } from './reshape.js';

/** Options of `groupNorm`. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/** @internal */
export const GROUP_NORM_OPTIONS: OptionNames<GroupNormOptions> = { eps: true };

/**
 * Group normalisation: each sample's channels in groups, each group to mean 0 and variance 1, then scaled and shifted
 * channel by channel.
 *
 * @param x (N,C,...)
 * @param numGroups how many groups; divides C
 * @param weight (C), or undefined for ones
 * @param bias (C), or undefined for zeros
 * @throws TypeError when the sizes do not go together
 * @see Wu and He 2018
 * @see `torch.nn.functional.group_norm`
 */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  weight?: Tensor,
  bias?: Tensor,
  options: GroupNormOptions = {},
): Tensor {
  checkOptions(options, GROUP_NORM_OPTIONS, 'groupNorm');
  checkTensor(x, 'groupNorm input', { minRank: 2, letters: '(N,C,...)' });
  checkInteger(numGroups, 'groupNorm numGroups', 1);
  const [n, c, ...rest] = x.shape as [number, number, ...number[]]; // two axes at least
  if (c % numGroups !== 0) throw expected(`groups that divide the ${c} channels`, 'groupNorm numGroups', numGroups);
  if (weight !== undefined) checkTensor(weight, 'groupNorm weight', { shape: [c] });
  if (bias !== undefined) checkTensor(bias, 'groupNorm bias', { shape: [c] });
  // A group is contiguous: it is a row of layer norm.
  const rows = [n, numGroups, (c / numGroups) * sizeOf(rest)];
  const perChannel = [c, ...rest.map(() => 1)];
  return scope(() => {
    let y = reshape(layerNorm(reshape(x, rows), undefined, undefined, options), x.shape);
    if (weight !== undefined) y = mul(y, reshape(weight, perChannel));
    return bias === undefined ? y : add(y, reshape(bias, perChannel));
  });
}
