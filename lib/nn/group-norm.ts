import { checkInteger, checkNumber, expected } from '../check.js';
import { checkOptions } from '../check-options.js';
import { ones, zeros } from '../ops/creation.js';
import { GROUP_NORM_OPTIONS, type GroupNormOptions, groupNorm } from '../ops/group-norm.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/**
 * Group normalisation of (N,C,...), with learned scale and shift for each channel.
 *
 * @throws TypeError unless the groups divide the channels
 * @see `torch.nn.GroupNorm`
 */
export class GroupNorm extends Module {
  /** (numChannels) */
  readonly weight: Tensor;
  /** (numChannels) */
  readonly bias: Tensor;
  /** Added to the variance. */
  readonly eps: number;

  constructor(
    /** Groups of channels, each normalised on its own. */
    readonly numGroups: number,
    /** Channels of x (N,C,...). */
    readonly numChannels: number,
    options: GroupNormOptions = {},
  ) {
    super();
    checkOptions(options, GROUP_NORM_OPTIONS, 'GroupNorm');
    checkInteger(numGroups, 'GroupNorm numGroups', 1);
    checkInteger(numChannels, 'GroupNorm numChannels', 1);
    if (numChannels % numGroups !== 0) {
      throw expected(`groups that divide the ${numChannels} channels`, 'GroupNorm numGroups', numGroups);
    }
    this.eps = checkNumber(options.eps ?? 1e-5, 'GroupNorm eps', 0);
    this.weight = this.parameter('weight', () => ones([numChannels]));
    this.bias = this.parameter('bias', () => zeros([numChannels]));
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, { eps: this.eps });
  }
}
