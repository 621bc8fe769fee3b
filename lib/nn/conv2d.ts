import { checkInteger, checkPair, expected, type Pair } from '../check.js';
import { type Conv2dOptions, conv2d } from '../ops/conv2d.js';
import { empty, type Tensor } from '../tensor.js';
import * as init from './init.js';
import { Module } from './module.js';

/**
 * 2-D convolution, (N,inChannels,H,W) to (N,outChannels,OH,OW).
 *
 * @throws TypeError unless the sizes are whole numbers and the groups divide both channels
 * Counterpart: `torch.nn.Conv2d`, its initial values included.
 */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly #options: Conv2dOptions;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Pair,
    options: Conv2dOptions & { bias?: boolean } = {},
  ) {
    super();
    checkInteger(inChannels, 'Conv2d inChannels', 1);
    checkInteger(outChannels, 'Conv2d outChannels', 1);
    const [kh, kw] = checkPair(kernelSize, 'Conv2d kernelSize', 1);
    const { bias, ...convolution } = options;
    const groups = checkInteger(convolution.groups ?? 1, 'Conv2d groups', 1);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw expected('groups that divide both channels', 'Conv2d', groups);
    }
    this.#options = convolution;
    const perGroup = inChannels / groups;
    this.weight = this.parameter('weight', () => init.defaultUniform(empty([outChannels, perGroup, kh, kw])));
    this.bias =
      bias === false
        ? undefined
        : this.parameter('bias', () => init.defaultUniform(empty([outChannels]), perGroup * kh * kw));
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}
