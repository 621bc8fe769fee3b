import { expected } from '../../check.js';
import { checkOptions, type OptionNames } from '../../check-options.js';
import { checkTensor } from '../../ops/check-tensor.js';
import { zeros } from '../../ops/creation.js';
import { reshape } from '../../ops/reshape.js';
import { where } from '../../ops/where.js';
import { scope } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { Module } from '../module.js';

/** Options of `ViT.forwardFeatures`. */
export interface ForwardFeaturesOptions {
  /** (N,L), int32: patches at a 1 are replaced by the mask token, before positions are added. Default: none are. */
  mask?: Tensor;
}

const OPTIONS: OptionNames<ForwardFeaturesOptions> = { mask: true };

/** @internal The mask of the options; throws where the model has no token for it. */
export function checkMask(options: ForwardFeaturesOptions, token: MaskToken | undefined): Tensor | undefined {
  checkOptions(options, OPTIONS, 'ViT.forwardFeatures');
  if (options.mask !== undefined && token === undefined) {
    throw expected('a model with maskToken: true for a mask', 'ViT.forwardFeatures', options.mask);
  }
  return options.mask;
}

/** What stands for a patch that is masked. @see Bao et al. 2021 (BEiT); Zhou et al. 2022 (iBOT) */
export class MaskToken extends Module {
  /** (1,1,D) */
  readonly token: Tensor;

  constructor(dim: number) {
    super();
    this.token = this.parameter('', () => zeros([1, 1, dim]));
  }

  /** @param patches (N,L,D) @param mask (N,L), int32 @returns (N,L,D) */
  forward(patches: Tensor, mask: Tensor): Tensor {
    const [n, l] = patches.shape as [number, number, number]; // three axes
    checkTensor(mask, 'ViT mask', { dtype: 'int32', shape: [n, l] });
    return scope(() => where(reshape(mask, [n, l, 1]), this.token, patches));
  }
}
