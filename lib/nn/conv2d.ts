import { checkBoolean, checkInteger, checkPair, expected, type Pair } from '../check.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { type Conv2dOptions, conv2d } from '../ops/conv2d.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/** Options of `Conv2d`. */
export interface Conv2dModuleOptions extends Conv2dOptions {
  /** Whether there is a bias. Default true. */
  bias?: boolean;
}

const OPTIONS: OptionNames<Conv2dModuleOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  bias: true,
};

/**
 * 2-D convolution, (N,inChannels,H,W) to (N,outChannels,OH,OW).
 *
 * @throws TypeError unless the sizes are whole numbers and the groups divide both channels
 * @see `torch.nn.Conv2d`, its initial values included
 */
export class Conv2d extends Module {
  /** (outChannels,inChannels/groups,kernelHeight,kernelWidth) */
  readonly weight: Tensor;
  /** (outChannels); undefined without a bias. */
  readonly bias: Tensor | undefined;
  readonly #options: Conv2dOptions;

  constructor(
    /** Channels of what goes in. */
    readonly inChannels: number,
    /** Channels of what comes out. */
    readonly outChannels: number,
    kernelSize: Pair,
    options: Conv2dModuleOptions = {},
  ) {
    super();
    checkOptions(options, OPTIONS, 'Conv2d');
    checkInteger(inChannels, 'Conv2d inChannels', 1);
    checkInteger(outChannels, 'Conv2d outChannels', 1);
    const [kh, kw] = checkPair(kernelSize, 'Conv2d kernelSize', 1);
    const bias = checkBoolean(options.bias ?? true, 'Conv2d bias');
    const groups = checkInteger(options.groups ?? 1, 'Conv2d groups', 1);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw expected('groups that divide both channels', 'Conv2d', groups);
    }
    this.#options = {
      stride: checkPair(options.stride ?? 1, 'Conv2d stride', 1),
      padding: checkPair(options.padding ?? 0, 'Conv2d padding', 0),
      dilation: checkPair(options.dilation ?? 1, 'Conv2d dilation', 1),
      groups,
    };
    const perGroup = inChannels / groups;
    this.weight = this.parameter('weight', () => init.defaultUniform(empty([outChannels, perGroup, kh, kw])));
    this.bias = bias
      ? this.parameter('bias', () => init.defaultUniform(empty([outChannels]), perGroup * kh * kw))
      : undefined;
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}
