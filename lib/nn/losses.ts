import { noGrad } from '../autograd.js';
import { clone } from '../ops/copies.js';
import { type CrossEntropyOptions, checkCrossEntropy, crossEntropy } from '../ops/cross-entropy.js';
import {
  type BCEOptions,
  checkBCE,
  checkHuber,
  checkKLDiv,
  checkLoss,
  checkNLL,
  checkSmoothL1,
  type HuberOptions,
  type KLDivOptions,
  type LossOptions,
  type NLLOptions,
  type SmoothL1Options,
} from '../ops/loss-options.js';
import {
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from '../ops/losses.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Losses with their options bound: `forward(input, target)` is the function of `F`. Weights are copied into buffers. */

/** Squared differences. @see `torch.nn.MSELoss` */
export class MSELoss extends Module {
  /** As given. */
  readonly options: Readonly<LossOptions>;

  /** @throws TypeError for options out of range */
  constructor(options: LossOptions = {}) {
    super();
    this.options = Object.freeze(checkLoss(options, 'MSELoss'));
  }

  /** @param target of the shape of `input` */
  forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** Absolute differences. @see `torch.nn.L1Loss` */
export class L1Loss extends Module {
  /** As given. */
  readonly options: Readonly<LossOptions>;

  /** @throws TypeError for options out of range */
  constructor(options: LossOptions = {}) {
    super();
    this.options = Object.freeze(checkLoss(options, 'L1Loss'));
  }

  /** @param target of the shape of `input` */
  forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/** Squares near 0, straight lines from `beta` on. @see `torch.nn.SmoothL1Loss` */
export class SmoothL1Loss extends Module {
  /** As given. */
  readonly options: Readonly<SmoothL1Options>;

  /** @throws TypeError for options out of range */
  constructor(options: SmoothL1Options = {}) {
    super();
    this.options = Object.freeze(checkSmoothL1(options, 'SmoothL1Loss'));
  }

  /** @param target of the shape of `input` */
  forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/** Squares near 0, straight lines of slope `delta` from there on. @see `torch.nn.HuberLoss` */
export class HuberLoss extends Module {
  /** As given. */
  readonly options: Readonly<HuberOptions>;

  /** @throws TypeError for options out of range */
  constructor(options: HuberOptions = {}) {
    super();
    this.options = Object.freeze(checkHuber(options, 'HuberLoss'));
  }

  /** @param target of the shape of `input` */
  forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}

/** The Kullback-Leibler divergence of log-probabilities. @see `torch.nn.KLDivLoss` */
export class KLDivLoss extends Module {
  /** As given. */
  readonly options: Readonly<KLDivOptions>;

  /** @throws TypeError for options out of range */
  constructor(options: KLDivOptions = {}) {
    super();
    this.options = Object.freeze(checkKLDiv(options, 'KLDivLoss'));
  }

  /** @param input log-probabilities @param target probabilities of its shape, or with `logTarget` their logarithms */
  forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.options);
  }
}

/** A loss that may weigh. */
abstract class WeightedLoss extends Module {
  /** A copy of one of its options that is a tensor, saved as PyTorch saves it, and not trained. */
  protected copied(name: string, tensor: Tensor | undefined): Tensor | undefined {
    return tensor && this.buffer(name, () => noGrad(() => clone(tensor)));
  }
}

/** The cross-entropy of sigmoid(logits). @see `torch.nn.BCEWithLogitsLoss`, with its buffers' names */
export class BCEWithLogitsLoss extends WeightedLoss {
  /** As given. */
  readonly options: Readonly<LossOptions>;
  /** Of each element; undefined without. */
  readonly weight: Tensor | undefined;
  /** Of what is 1; undefined without. */
  readonly posWeight: Tensor | undefined;

  /** @throws TypeError for options out of range */
  constructor(options: BCEOptions = {}) {
    super();
    this.options = Object.freeze(checkBCE(options, 'BCEWithLogitsLoss'));
    this.weight = this.copied('weight', options.weight);
    this.posWeight = this.copied('pos_weight', options.posWeight);
  }

  /** @param target in [0, 1], of the shape of `logits` */
  forward(logits: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(logits, target, { ...this.options, ...given(this, 'weight', 'posWeight') });
  }
}

/** -input[label] of log-probabilities. @see `torch.nn.NLLLoss`, with its buffer's name */
export class NLLLoss extends WeightedLoss {
  /** As given. */
  readonly options: Readonly<Omit<NLLOptions, 'weight'>>;
  /** (classes); undefined without. */
  readonly weight: Tensor | undefined;

  /** @throws TypeError for options out of range */
  constructor(options: NLLOptions = {}) {
    super();
    this.options = Object.freeze(checkNLL(options, 'NLLLoss'));
    this.weight = this.copied('weight', options.weight);
  }

  /** @param input log-probabilities (N,classes,...) @param target labels (N,...) int32 */
  forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, { ...this.options, ...given(this, 'weight') });
  }
}

/** `F.crossEntropy` with its options bound. @see `torch.nn.CrossEntropyLoss`, with its buffer's name */
export class CrossEntropyLoss extends WeightedLoss {
  /** As given. */
  readonly options: Readonly<Omit<CrossEntropyOptions, 'weight'>>;
  /** (classes); undefined without. */
  readonly weight: Tensor | undefined;

  /** @throws TypeError for options out of range */
  constructor(options: CrossEntropyOptions = {}) {
    super();
    checkCrossEntropy(options, 'CrossEntropyLoss');
    const { weight, ...rest } = options;
    this.options = Object.freeze(rest);
    this.weight = this.copied('weight', weight);
  }

  /** @param logits (N,classes,...) @param target labels (N,...) int32, or probabilities of the shape of `logits` */
  forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, { ...this.options, ...given(this, 'weight') });
  }
}

/** The fields of these names that are there. */
function given<Name extends string>(loss: { readonly [N in Name]?: Tensor | undefined }, ...names: Name[]): object {
  return Object.fromEntries(names.flatMap((name) => (loss[name] === undefined ? [] : [[name, loss[name]]])));
}
